/// A structure of TPM 2.0 Part 2 that is parsed strictly and written back byte for byte as it was read.
public protocol WireStructure: Sendable, Hashable {
    /// What Part 2 calls it, for errors.
    static var specificationName: String { get }
    /// The longest encoding that is looked at, in bytes.
    static var maximumSize: Int { get }
    /// Reads one value and leaves the reader behind it.
    init(from reader: inout ByteReader) throws(WireError)
    /// Appends the encoding of the value.
    func write(to writer: inout ByteWriter)
}

extension WireStructure {
    /// 4,096 bytes: no structure crosses the bus in a larger buffer (MAX_COMMAND_SIZE, MAX_RESPONSE_SIZE).
    public static var maximumSize: Int { 4096 }

    /// Reads a value that takes up all of `bytes`.
    public init(parsing bytes: [UInt8]) throws(WireError) {
        try self.init(parsing: bytes[...])
    }

    /// Reads a value that takes up all of `bytes`.
    public init(parsing bytes: ArraySlice<UInt8>) throws(WireError) {
        guard bytes.count <= Self.maximumSize else {
            throw WireError(.tooLong, field: Self.specificationName, offset: 0, value: UInt64(bytes.count))
        }
        var reader = ByteReader(bytes)
        try self.init(from: &reader)
        // A name may be put together, which takes longer than to parse a small structure.
        if reader.remaining > 0 { try reader.finish(Self.specificationName) }
    }

    /// The encoding of the value.
    public var bytes: [UInt8] {
        var writer = ByteWriter()
        write(to: &writer)
        return writer.bytes
    }
}

/// A sized structure: a UINT16 size, then exactly one `Contents` (TPM2B_PUBLIC, TPM2B_ATTEST and the like).
public struct TPM2B<Contents: WireStructure>: WireStructure {
    /// TPM2B_PUBLIC is what Part 2 calls the one around a TPMT_PUBLIC.
    public static var specificationName: String {
        "TPM2B_\(Contents.specificationName.drop { $0 != "_" }.dropFirst())"
    }

    /// What the buffer holds.
    public var contents: Contents

    /// Two bytes of size more than the contents.
    public static var maximumSize: Int { 2 + Contents.maximumSize }

    /// Wraps a structure.
    public init(_ contents: Contents) {
        self.contents = contents
    }

    /// Reads size and contents; refuses a size that is not exactly the contents'.
    public init(from reader: inout ByteReader) throws(WireError) {
        contents = try reader.sized(Contents.self, "TPM2B")
    }

    /// Writes size and contents.
    public func write(to writer: inout ByteWriter) {
        writer.sized(contents)
    }
}
