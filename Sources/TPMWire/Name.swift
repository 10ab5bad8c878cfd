/// The contents of a TPM2B_NAME (Part 1, 16): what a TPM calls a thing.
///
/// An object or NV index is named by its nameAlg and a digest, a permanent thing by its handle, and nothing at all by
/// the empty Name. Other shapes do not exist and are refused.
public struct Name: WireStructure, CustomStringConvertible {
    /// Part 2 calls it TPM2B_NAME.
    public static var specificationName: String { "TPM2B_NAME" }

    /// What a Name consists of.
    public enum Kind: Sendable, Hashable {
        case empty
        case handle(Handle)
        case digest(AlgorithmID, [UInt8])
    }

    /// The Name itself, without the size in front of it on the wire.
    public let contents: [UInt8]

    /// The Name of nothing (a scheme without a signer).
    public static let empty = Name(unchecked: [])

    private init(unchecked contents: [UInt8]) {
        self.contents = contents
    }

    /// The Name of a permanent thing, a session or a PCR: its handle.
    public init(handle: Handle) {
        contents = handle.bytes
    }

    /// A digest behind its algorithm; nil when the length is not the algorithm's or the algorithm is no hash.
    public init?(algorithm: AlgorithmID, digest: [UInt8]) {
        guard algorithm.digestSize == digest.count else { return nil }
        var writer = ByteWriter(capacity: 2 + digest.count)
        algorithm.write(to: &writer)
        writer.bytes(digest)
        contents = writer.bytes
    }

    /// Checks the shape of a Name that comes without a size.
    public init(contents: [UInt8]) throws(WireError) {
        guard contents.count != 0, contents.count != 4 else {
            self.init(unchecked: contents)
            return
        }
        var reader = ByteReader(contents)
        let algorithm = try AlgorithmID(from: &reader)
        guard let size = algorithm.digestSize else {
            throw WireError(.unsupported, field: "TPM2B_NAME", offset: 0, value: UInt64(algorithm.rawValue))
        }
        try reader.skip(size, "TPM2B_NAME")
        try reader.finish("TPM2B_NAME")
        self.init(unchecked: contents)
    }

    /// Reads a TPM2B_NAME.
    public init(from reader: inout ByteReader) throws(WireError) {
        let at = reader.offset
        let contents = try reader.sized(max: WireBounds.data, "TPM2B_NAME")
        do {
            try self.init(contents: contents)
        } catch {
            throw WireError(error.code, field: error.field, offset: at, value: error.value)
        }
    }

    /// Writes a TPM2B_NAME.
    public func write(to writer: inout ByteWriter) { writer.sized(contents) }

    /// What the Name consists of.
    public var kind: Kind {
        guard contents.count >= 4 else { return .empty }
        let number = contents.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard contents.count > 4 else { return .handle(Handle(rawValue: number)) }
        let algorithm = AlgorithmID(rawValue: UInt16(truncatingIfNeeded: number >> 16))
        return .digest(algorithm, Array(contents.dropFirst(2)))
    }

    /// The hash of a Name that has one.
    public var algorithm: AlgorithmID? {
        if case .digest(let algorithm, _) = kind { algorithm } else { nil }
    }

    /// The contents in hexadecimal.
    public var description: String { contents.hexadecimal }
}
