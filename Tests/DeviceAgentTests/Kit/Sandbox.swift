import FoundationEssentials
import Glibc
import Testing

/// Runs a test in a directory of its own, short enough for a socket, and leaves nothing behind.
func withDirectory<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let directory = "/tmp/bm-agent-\(UInt64.random(in: 0 ... .max))"
    try FileManager.default.createDirectory(
        atPath: directory,
        withIntermediateDirectories: false,
        attributes: [.posixPermissions: 0o700]
    )
    defer { try? FileManager.default.removeItem(atPath: directory) }
    return try await body(directory)
}

/// The permission bits of a file or directory.
func mode(of path: String) throws -> UInt32 {
    var status = stat()
    try #require(unsafe lstat(path, &status) == 0, "\(path) is not there")
    return status.st_mode & 0o7777
}

func write(_ bytes: [UInt8], to path: String) throws {
    try Data(bytes).write(to: URL(filePath: path))
}

func contents(of path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(filePath: path)))
}

func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

func names(in directory: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
}

/// Seconds since 1970.
var now: Int64 { Int64(Date().timeIntervalSince1970) }
