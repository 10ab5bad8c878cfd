import Glibc

/// Symbolic links that hold a few words instead of a path: made and read in one step, never half-written.
///
/// They are as durable as the next file that is written durably into the same directory.
public enum SymbolicLink {
    /// More than a digest has, or a label.
    private static let maximumText = 256

    /// Makes a link with this text in it.
    /// - Throws: `FileError`; `.exists` when the name is taken.
    public static func make(_ path: String, to text: String) throws(FileError) {
        guard unsafe symlink(text, path) == 0 else { throw FileError(errno: errno, .write, path) }
    }

    /// The text of a link, as far as it is of use; nil when nothing has the name, and empty for what is no link.
    /// - Throws: `FileError` when that cannot be said.
    public static func text(of path: String) throws(FileError) -> String? {
        var bytes = [CChar](repeating: 0, count: maximumText)
        let count = unsafe readlink(path, &bytes, maximumText)
        guard count >= 0 else {
            switch errno {
            case ENOENT: return nil
            case EINVAL: return ""
            default: throw FileError(errno: errno, .read, path)
            }
        }
        return String(decoding: bytes.prefix(count).map { UInt8(truncatingIfNeeded: $0) }, as: UTF8.self)
    }

    /// Removes a link.
    public static func remove(_ path: String) throws(FileError) {
        guard unsafe unlink(path) == 0 else { throw FileError(errno: errno, .write, path) }
    }
}
