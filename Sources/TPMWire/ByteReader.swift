/// Reads TPM 2.0 wire format: big-endian integers and TPM2B buffers, never past the end.
///
/// Every failure names the field and its offset and leaves nothing half used: a reader that threw is thrown away.
public struct ByteReader {
    private let storage: ArraySlice<UInt8>
    private let start: Int
    private var position: Int

    /// Reads from the beginning of `bytes`.
    public init(_ bytes: [UInt8]) {
        self.init(bytes[...])
    }

    /// Reads a slice; offsets in errors count from the beginning of the slice.
    public init(_ bytes: ArraySlice<UInt8>) {
        self.init(bytes, start: bytes.startIndex)
    }

    private init(_ bytes: ArraySlice<UInt8>, start: Int) {
        self.storage = bytes
        self.start = start
        self.position = bytes.startIndex
    }

    /// Bytes not read yet.
    public var remaining: Int { storage.endIndex - position }

    /// Bytes from the beginning of the input to the next byte to be read.
    public var offset: Int { position - start }

    private mutating func take(_ count: Int, _ field: String) throws(WireError) -> ArraySlice<UInt8> {
        guard count >= 0, count <= remaining else {
            throw WireError(.truncated, field: field, offset: offset)
        }
        let slice = storage[position..<(position + count)]
        position += count
        return slice
    }

    private mutating func integer(_ width: Int, _ field: String) throws(WireError) -> UInt64 {
        guard width <= remaining else {
            throw WireError(.truncated, field: field, offset: offset)
        }
        var value: UInt64 = 0
        for index in position..<position + width { value = value << 8 | UInt64(storage[index]) }
        position += width
        return value
    }

    /// Reads one byte.
    public mutating func uint8(_ field: String) throws(WireError) -> UInt8 {
        UInt8(truncatingIfNeeded: try integer(1, field))
    }

    /// Reads a UINT16.
    public mutating func uint16(_ field: String) throws(WireError) -> UInt16 {
        UInt16(truncatingIfNeeded: try integer(2, field))
    }

    /// Reads a UINT32.
    public mutating func uint32(_ field: String) throws(WireError) -> UInt32 {
        UInt32(truncatingIfNeeded: try integer(4, field))
    }

    /// Reads a UINT64.
    public mutating func uint64(_ field: String) throws(WireError) -> UInt64 {
        try integer(8, field)
    }

    /// Reads a TPMI_YES_NO: 0 or 1 and nothing else (Part 2, 9.2), because any other byte could not be written back.
    public mutating func yesNo(_ field: String) throws(WireError) -> Bool {
        let at = offset
        switch try uint8(field) {
        case 0: return false
        case 1: return true
        case let other: throw WireError(.illegalValue, field: field, offset: at, value: UInt64(other))
        }
    }

    /// Reads `count` bytes.
    public mutating func bytes(_ count: Int, _ field: String) throws(WireError) -> [UInt8] {
        Array(try take(count, field))
    }

    /// Steps over `count` bytes.
    public mutating func skip(_ count: Int, _ field: String) throws(WireError) {
        _ = try take(count, field)
    }

    /// Reads all that is left, at most `max` bytes.
    public mutating func rest(max: Int, _ field: String) throws(WireError) -> [UInt8] {
        guard remaining <= max else {
            throw WireError(.tooLong, field: field, offset: offset, value: UInt64(remaining))
        }
        return Array(try take(remaining, field))
    }

    /// Reads the contents of a TPM2B: a UINT16 size of at most `max`, then that many bytes.
    public mutating func sized(max: Int, _ field: String) throws(WireError) -> [UInt8] {
        Array(try sizedSlice(max: max, field))
    }

    /// Reads a TPM2B that holds one structure and nothing after it.
    public mutating func sized<Contents: WireStructure>(
        _: Contents.Type,
        _ field: String
    ) throws(WireError) -> Contents {
        var inner = ByteReader(try sizedSlice(max: Contents.maximumSize, field), start: start)
        let contents = try Contents(from: &inner)
        try inner.finish(field)
        return contents
    }

    private mutating func sizedSlice(max: Int, _ field: String) throws(WireError) -> ArraySlice<UInt8> {
        let at = offset
        let size = Int(try uint16(field))
        guard size <= max else {
            throw WireError(.tooLong, field: field, offset: at, value: UInt64(size))
        }
        return try take(size, field)
    }

    /// Refuses bytes that are left over.
    public func finish(_ field: String) throws(WireError) {
        guard remaining == 0 else {
            throw WireError(.trailingBytes, field: field, offset: offset, value: UInt64(remaining))
        }
    }
}
