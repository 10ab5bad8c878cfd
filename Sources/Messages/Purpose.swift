/// What a decision request asks for.
public enum Purpose: String, Hashable, Sendable, Codable, CaseIterable {
    /// Judge my boot and renew my lease.
    case attest
    /// Grant me this package.
    case update
    /// I have installed what was granted and booted it: take the receipt.
    case confirm
    /// Grant me this package, by a file that comes to me later.
    case delayed
    /// My life is over: take note, before I destroy what made me this instance.
    case farewell
    /// I am a gateway: this is what an instance without a TPM has shown me, and what I saw of it.
    case vouch

    /// Whether a package is asked for.
    public var namesPackage: Bool { self == .update || self == .delayed }
}
