import CZlib

/// Whole values in the ZLIB format (RFC 1950): DEFLATE behind a header, before a checksum.
public enum ZlibStream {
    /// Compresses at the highest level.
    public static func compress(_ bytes: [UInt8]) throws(ZlibError) -> [UInt8] {
        try unsafe filled(upTo: Int(clamping: compressBound(UInt(bytes.count)))) { output, size in
            unsafe bytes.withUnsafeBufferPointer { input in
                unsafe compress2(output, &size, input.baseAddress, UInt(input.count), Z_BEST_COMPRESSION)
            }
        }
    }

    /// Decompresses a stream that is whole and that nothing follows.
    /// - Parameter limit: the most bytes of the result; a stream that holds more is not decompressed further.
    public static func decompress(_ stream: [UInt8], limit: Int) throws(ZlibError) -> [UInt8] {
        try unsafe filled(upTo: limit) { output, size in
            unsafe stream.withUnsafeBufferPointer { input in
                var read = UInt(input.count)
                let status = unsafe uncompress2(output, &size, input.baseAddress, &read)
                // What follows the checksum is no part of the stream, and nobody's word.
                return status == Z_OK && read != UInt(input.count) ? Z_DATA_ERROR : status
            }
        }
    }

    /// - Parameter write: gets room and its size, and leaves there how much it used.
    private static func filled(
        upTo capacity: Int,
        _ write: (_ output: UnsafeMutablePointer<UInt8>?, _ size: inout UInt) -> Int32
    ) throws(ZlibError) -> [UInt8] {
        // Without any room zlib takes one byte of its own, and says nothing of what came into it.
        let room = max(capacity, 1)
        var status = Z_MEM_ERROR
        // Memory that nothing is written to costs nothing: the limit may be far above what comes.
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: room) { output, count in
            var size = UInt(room)
            status = unsafe write(output.baseAddress, &size)
            count = status == Z_OK ? Int(clamping: size) : 0
        }
        switch status {
        case Z_OK where bytes.count <= capacity: return bytes
        case Z_OK: throw .tooLarge
        case Z_BUF_ERROR: throw .tooLarge
        case Z_DATA_ERROR: throw .damaged
        default: throw .failed
        }
    }
}

/// Why a stream was not made or not read.
public enum ZlibError: Error, Hashable, Sendable, CustomStringConvertible {
    /// It is cut, changed, no ZLIB stream, or something follows it.
    case damaged
    /// It holds more than was asked for.
    case tooLarge
    /// There was no memory for it.
    case failed

    /// A line for people.
    public var description: String {
        switch self {
        case .damaged: "not one whole ZLIB stream"
        case .tooLarge: "a ZLIB stream that holds more than it may"
        case .failed: "no memory for a ZLIB stream"
        }
    }
}
