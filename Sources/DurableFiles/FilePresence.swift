import Glibc

/// Whether there is anything at a path, where going on as without it would be another decision than its owner's.
public enum FilePresence {
    /// - Returns: false when nothing has that name.
    /// - Throws: `FileError` when nobody can tell, and `.dangling` for a link that leads nowhere.
    public static func isThere(_ path: String) throws(FileError) -> Bool {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else {
            guard errno != ENOENT else { return false }
            throw FileError(errno: errno, .read, path)
        }
        guard unsafe stat(path, &status) == 0 else {
            throw errno == ENOENT ? FileError(.dangling, .read, path) : FileError(errno: errno, .read, path)
        }
        return true
    }
}
