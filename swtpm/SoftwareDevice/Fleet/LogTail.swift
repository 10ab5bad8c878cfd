import Glibc

/// The end of what a program wrote: enough to see why it failed.
enum LogTail {
    /// Bytes; a report of a thousand devices stays readable.
    private static let size: off_t = 64 << 10

    /// The text, with a note where more was written before it; empty when there is no such file.
    static func of(_ path: String) -> String {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        let left = max(0, lseek(descriptor, 0, SEEK_END) - size)
        var bytes = [UInt8](repeating: 0, count: Int(size))
        let count = unsafe pread(descriptor, &bytes, bytes.count, left)
        let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        return left > 0 ? "(\(left) bytes before this are in \(path))\n\(text)" : text
    }
}
