import AttestationResults
public import Messages

/// An instance without a TPM asked, and was judged.
public struct CompensatedDecisionEntry: Hashable, Sendable, Codable {
    /// What for.
    public var purpose: Purpose
    /// SHA-256 of the request.
    public var request: ContentDigest
    /// SHA-256 of the evidence.
    public var evidence: ContentDigest
    /// Whether what was asked was given.
    public var accepted: Bool
    /// The codes of the reasons when it was not.
    public var reasons: [String]
    /// SHA-256 of the policy's file.
    public var policy: ContentDigest
    /// The rule that decided; absent when none was reached.
    public var rule: Label?
    /// Where the ratchet stands from now on.
    public var position: Int64
    /// SHA-256 of the key that is committed from now on.
    public var key: ContentDigest
    /// True when it stood there before: the answer to an earlier request was lost.
    public var repeated: Bool?
    /// What the device says that it runs; nobody measured it.
    public var claimed: ClaimedRelease
    /// The hardware claims of the birth that were not repeated; absent when all were.
    public var differing: [Label]?
    /// What was required beyond the signature, and what met it.
    public var controls: [ControlReport]
    /// Where the instance stands from now on.
    public var lifecycle: Lifecycle
    /// By whose word an instance with a TPM speaks without it; absent for one that was born so.
    public var lowered: LoweredMark?
    /// The gateway that vouched, and what it saw; absent when the instance came on its own.
    public var vouch: VouchReport?
    /// The copy that has spoken; present when that is why it was refused.
    public var fork: ForkEntry?
    /// The entries of the approvals of the release as a whole that counted; absent when the rule wants none.
    public var approvals: [ContentDigest]?
    /// The entries of the emergencies without which it would have been refused; absent when it needed none.
    public var emergencies: [ContentDigest]?
    /// SHA-256 of all that it rests on, as the archive keeps it; absent in entries that were written before there was one.
    public var basis: ContentDigest?
}

/// Both ends of a fork, as the ledger names them.
public struct ForkEntry: Hashable, Sendable, Codable {
    /// SHA-256 of the key that was left behind, and signed.
    public var key: ContentDigest
    /// Its position.
    public var position: Int64
    /// SHA-256 of the key that it would have committed.
    public var next: ContentDigest
    /// How far the other copy was.
    public var committed: Int64

    init(_ fork: Fork) {
        key = fork.key.thumbprint
        position = fork.position
        next = fork.next.thumbprint
        committed = fork.committed
    }
}
