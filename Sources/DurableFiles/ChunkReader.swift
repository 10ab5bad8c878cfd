import Glibc

/// Reads an open file piece by piece, so that a file of any size takes little memory.
public struct ChunkReader: ~Copyable {
    private let descriptor: Int32
    private let path: String
    private var buffer: [UInt8]

    /// Bytes of a piece: enough to keep a disk busy.
    public static let size = 1 << 20

    /// Reads on from where a descriptor stands; it stays open and its owner's.
    /// - Parameter path: what the descriptor is called in an error.
    public init(_ descriptor: Int32, path: String, size: Int = ChunkReader.size) {
        self.descriptor = descriptor
        self.path = path
        buffer = [UInt8](repeating: 0, count: size)
    }

    /// The next piece; nil at the end.
    public mutating func next() throws(FileError) -> ArraySlice<UInt8>? {
        while true {
            let count = unsafe read(descriptor, &buffer, buffer.count)
            if count > 0 { return buffer[..<count] }
            if count == 0 { return nil }
            if errno != EINTR { throw FileError(errno: errno, .read, path) }
        }
    }

    /// Reads a whole file of any size, pipe or kernel file (whose size reads as 0).
    /// - Throws: `FileError`, and what `body` throws.
    public static func pieces(of path: String, _ body: (ArraySlice<UInt8>) throws -> Void) throws {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(errno: errno, .read, path) }
        defer { close(descriptor) }
        var reader = ChunkReader(descriptor, path: path)
        while let piece = try reader.next() { try body(piece) }
    }
}
