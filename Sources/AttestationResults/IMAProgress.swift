public import Messages

/// How far an instance's IMA list was followed and found in order, so that the next time only what is new is looked at.
///
/// Holds for one boot and one policy. It is made from accepted evidence alone: progress over an entry that was refused
/// would let the next evidence pass without it.
public struct IMAProgress: Hashable, Sendable, Codable {
    /// What the kernel extends the bank with.
    public enum Mode: String, Hashable, Sendable, Codable, CaseIterable {
        /// Digests in the bank's own hash.
        case perBank = "per-bank"
        /// SHA-1 digests and zeros.
        case paddedSHA1 = "padded-sha1"
    }

    /// Entries that were followed.
    public var entries: Int
    /// Their bytes: the next evidence begins behind them.
    public var offset: UInt64
    /// Violations among them; never any unless the policy tolerates them.
    public var violations: Int
    /// The bank that was quoted.
    public var bank: PCRBank
    /// The PCR.
    public var pcr: Int
    /// Its value, which the entries lead to.
    public var value: HexBytes
    /// By which mode they do.
    public var mode: Mode
    /// SHA-256 over the digest before, 32 zeros at first, and the bytes that were followed since.
    public var digest: ContentDigest
    /// TPMS_CLOCK_INFO.resetCount of the quote: after a reset the list begins anew.
    public var resetCount: UInt32
    /// The policy that the entries were judged by.
    public var policy: ContentDigest

    /// Joins the parts.
    public init(
        entries: Int,
        offset: UInt64,
        violations: Int,
        bank: PCRBank,
        pcr: Int,
        value: HexBytes,
        mode: Mode,
        digest: ContentDigest,
        resetCount: UInt32,
        policy: ContentDigest
    ) {
        self.entries = entries
        self.offset = offset
        self.violations = violations
        self.bank = bank
        self.pcr = pcr
        self.value = value
        self.mode = mode
        self.digest = digest
        self.resetCount = resetCount
        self.policy = policy
    }
}
