/// Who lets an instance with a TPM speak without it, until when and why: it stands wherever such an instance is spoken of.
public struct LoweredMark: Hashable, Sendable, Codable, CustomStringConvertible {
    /// Who.
    public var by: Label
    /// The first second, since 1970, at which it is over.
    public var until: Int64
    /// Why.
    public var reason: Remark
    /// SHA-256 of the act's ledger entry.
    public var entry: ContentDigest

    /// Joins the parts.
    public init(by: Label, until: Int64, reason: Remark, entry: ContentDigest) {
        self.by = by
        self.until = until
        self.reason = reason
        self.entry = entry
    }

    /// For logs, where times are numbers.
    public var description: String { "lowered until \(until) by \(by) because \(reason)" }
}
