import Glibc

/// Files by whose word something counts, such as lists of keys and policies: one that other users may change says what they like.
///
/// What is opened is judged, wherever links lead to. Of an access control list a mode shows the most that it gives to anybody (acl(5)).
public enum TrustedFile {
    private static let changeable: mode_t = 0o022

    /// Reads a whole file that is kept here.
    /// - Parameter limit: the most bytes accepted.
    /// - Throws: `FileError`; `.changeable` for one that its group or others may write, `.pipe` for a pipe.
    public static func read(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
        try BoundedFile.readKept(path, from: 0, limit: limit) { status throws(FileError) in
            try check(status.st_mode, path)
        }
    }

    /// Checks a directory of such files: who may write into it can put one there.
    /// - Throws: `FileError`; `.changeable` for one into which its group or others may write.
    public static func check(directory path: String) throws(FileError) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { throw FileError(errno: errno, .read, path) }
        try check(status.st_mode, path)
    }

    private static func check(_ mode: mode_t, _ path: String) throws(FileError) {
        guard mode & changeable == 0 else { throw FileError(.changeable, .read, path) }
    }
}
