/// The bytes of one ledger entry, as they are hashed, stored and served.
///
/// What the bytes mean is their maker's concern; the ledger only counts, hashes and keeps them.
public struct LogEntry: Hashable, Sendable {
    /// The largest entry, in bytes: an entry bundle gives its length in 16 bits (C2SP tlog-tiles).
    public static let maxByteCount = 65_535

    public let bytes: [UInt8]

    /// Takes the bytes of an entry; throws when there are more than 65,535.
    public init(_ bytes: [UInt8]) throws(LedgerFormatError) {
        guard bytes.count <= Self.maxByteCount else {
            throw LedgerFormatError(.entry, "\(bytes.count) bytes, at most \(Self.maxByteCount) fit")
        }
        self.bytes = bytes
    }

    /// The hash of this entry's leaf.
    public var leafHash: TreeHash { .leaf(bytes) }
}
