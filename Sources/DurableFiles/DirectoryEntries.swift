import Glibc

/// What a directory holds.
public enum DirectoryEntries {
    /// The names, without `.` and `..`, in no order; none when there is no such directory.
    /// - Throws: `FileError` when it cannot be read to its end: then nobody knows what is in it.
    public static func names(in directory: String) throws(FileError) -> [String] {
        guard let stream = unsafe opendir(directory) else {
            guard errno != ENOENT else { return [] }
            throw FileError(errno: errno, .read, directory)
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while true {
            // By this alone readdir(3) tells an error from the end.
            errno = 0
            guard let entry = unsafe readdir(stream) else {
                guard errno == 0 else { throw FileError(errno: errno, .read, directory) }
                return names
            }
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
    }
}
