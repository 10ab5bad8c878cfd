/// The answer to an instance without a TPM whose request is accepted; refusals are a `Problem` instead.
public struct CompensatedAnswer: Hashable, Sendable, Codable {
    /// The key that is committed now: from here on it signs.
    public var key: SoftwareKey
    /// Its place in the ratchet: the first key's is 0.
    public var position: Int64
    /// The instance's lease as it now is.
    public var lease: LeaseStatement
    /// The grant, for the purpose `update`.
    public var grant: GrantDelivery?
    /// The attestation result for relying parties (an EAR as a JWT), when it was asked for.
    public var ear: String?
    /// The policy rule that decided.
    public var rule: String
    /// What was required beyond the signature, and what met it.
    public var controls: [ControlReport]
    /// By whose word an instance with a TPM speaks without it; absent for one that was born so.
    public var lowered: LoweredMark?
    /// The verifier's signature over what it has committed (`Commitment` as a JWT), so that nobody who carries an answer can make one.
    public var commitment: String?

    /// The most bytes accepted.
    public static let maximumSize = 64 << 10

    /// Joins the parts.
    public init(
        key: SoftwareKey,
        position: Int64,
        lease: LeaseStatement,
        grant: GrantDelivery? = nil,
        ear: String? = nil,
        rule: String,
        controls: [ControlReport],
        lowered: LoweredMark? = nil,
        commitment: String? = nil
    ) {
        self.key = key
        self.position = position
        self.lease = lease
        self.grant = grant
        self.ear = ear
        self.rule = rule
        self.controls = controls
        self.lowered = lowered
        self.commitment = commitment
    }
}

/// A compensating control that a decision required.
public struct ControlReport: Hashable, Sendable, Codable {
    /// Which.
    public var control: CompensatingControl
    /// Whether it was met.
    public var isMet: Bool
    /// SHA-256 of what met it: the evidence, or ledger entries; absent when nothing is to be shown.
    public var evidence: [ContentDigest]?

    /// States what came of a control.
    public init(_ control: CompensatingControl, isMet: Bool, evidence: [ContentDigest]? = nil) {
        self.control = control
        self.isMet = isMet
        self.evidence = evidence
    }
}

/// What stands in for a TPM: each weaker than one, each checkable afterwards.
public enum CompensatingControl: String, Hashable, Sendable, Codable, CaseIterable {
    /// The key ratchets: a copy that speaks shows.
    case ratchet
    /// Named people approved this release for this instance or its cohort.
    case approval
    /// The release is among those that may go this way.
    case release
    /// The hardware says of itself what it said at birth.
    case claims
    /// The maintenance window is open.
    case window
    /// Somebody at the device was told a code by a named person at the verifier.
    case witness
    /// A gateway with a TPM, to which the instance is assigned, vouches for what it saw of it.
    case gateway
    /// The gateway read the installed image back, and it is what was granted.
    case readBack = "read-back"
}
