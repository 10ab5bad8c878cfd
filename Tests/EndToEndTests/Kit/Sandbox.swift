import Crypto
import FoundationEssentials
import Glibc
import Messages
import Testing

/// Runs a test in a directory of its own, short enough for the sockets in it, and leaves nothing behind.
func withDirectory<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let directory = "/tmp/bm-\(UInt64.random(in: 0 ... .max))"
    try makeDirectory(directory)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    return try await body(directory)
}

func makeDirectory(_ path: String) throws {
    try FileManager.default.createDirectory(
        atPath: path,
        withIntermediateDirectories: false,
        attributes: [.posixPermissions: 0o700]
    )
}

func write(_ bytes: some Sequence<UInt8>, to path: String) throws {
    try Data(bytes).write(to: URL(filePath: path))
}

func contents(of path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(filePath: path))) }

func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

func setMode(_ mode: Int, of path: String) throws {
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
}

func names(in directory: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).sorted()
}

/// A label that the test itself knows to be one.
func label(_ text: String) throws -> Label { try #require(Label(text), "\(text) is no label") }

/// Seconds since 1970.
var now: Int64 { Int64(Date().timeIntervalSince1970) }

/// Every file and directory below some others, with its mode, and its digest when it is a file.
struct Snapshot: Hashable {
    private var entries: [String: String] = [:]

    init(_ directories: [String], except: (String) -> Bool = { _ in false }) throws {
        for directory in directories {
            for entry in tree(directory) where !except(entry.path) {
                let digest = entry.isFile ? "\(SHA256.hash(data: try contents(of: entry.path)))" : ""
                entries[entry.path] = "\(entry.mode) \(digest)"
            }
        }
    }

    /// What is there now and was not before, is gone, or is different.
    func changes(to other: Snapshot) -> [String] {
        Set(entries.keys).union(other.entries.keys).filter { entries[$0] != other.entries[$0] }.sorted()
    }
}

/// A file, a directory or something else that has a path.
struct TreeEntry {
    var path: String
    /// The permission bits.
    var mode: Int
    var isFile: Bool
}

/// A directory and everything below it; symbolic links are not followed.
func tree(_ path: String) -> [TreeEntry] {
    guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
        let type = attributes[.type] as? FileAttributeType, let mode = attributes[.posixPermissions] as? Int
    else { return [] }
    let below = type == .typeDirectory ? names(in: path).flatMap { tree("\(path)/\($0)") } : []
    return [TreeEntry(path: path, mode: mode, isFile: type == .typeRegular)] + below
}
