import Glibc

/// Symbolic links that hold a few words instead of a path: made and read in one step, never half-written.
///
/// They are as durable as the next file that is written durably into the same directory.
public enum SymbolicLink {
    /// Makes a link with this text in it.
    /// - Throws: `FileError`; `.exists` when the name is taken.
    public static func make(_ path: String, to text: String) throws(FileError) {
        guard unsafe symlink(text, path) == 0 else { throw FileError(errno: errno, .write, path) }
    }

    /// Removes a link.
    public static func remove(_ path: String) throws(FileError) {
        guard unsafe unlink(path) == 0 else { throw FileError(errno: errno, .write, path) }
    }
}
