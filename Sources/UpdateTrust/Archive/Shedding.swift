public import Messages

/// What decisions rested on was kept long enough, and is not kept any more; what was decided stays on the ledger.
public struct SheddingEntry: Hashable, Sendable, Codable {
    /// The first second, since 1970, of the decisions that are kept still.
    public var until: Int64
    /// How many decisions it concerns.
    public var count: Int
    /// SHA-256 over the digests of their entries, one after the other in the order of the ledger: 32 bytes each.
    public var decisions: ContentDigest

    /// States that the archive has shed what these decisions rested on.
    /// - Parameter decisions: the digests of their entries, in the order of the ledger.
    public init(until: Int64, _ decisions: [ContentDigest]) {
        self.until = until
        count = decisions.count
        self.decisions = ContentDigest(of: decisions.flatMap(\.bytes))
    }
}
