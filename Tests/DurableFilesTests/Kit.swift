import FoundationEssentials
import Glibc
import TemporaryDirectories
import Testing

extension TemporaryDirectory {
    /// The path of a name in it.
    func path(of name: String) -> String { path + "/" + name }

    /// Puts a file there.
    @discardableResult
    func put(_ bytes: [UInt8], _ name: String) throws -> String {
        try Data(bytes).write(to: URL(filePath: path(of: name)))
        return path(of: name)
    }

    var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
    }
}

func contents(of path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(filePath: path))) }

/// The permission bits of a file or directory.
func mode(of path: String) throws -> UInt32 {
    var status = stat()
    try #require(unsafe lstat(path, &status) == 0, "\(path) is not there")
    return status.st_mode & 0o7777
}
