/// The answer to accepted evidence; refusals are a `Problem` instead.
public struct DecisionAnswer: Hashable, Sendable, Codable {
    /// The instance's lease as it now is.
    public var lease: LeaseStatement
    /// The grant, for the purpose `update`.
    public var grant: GrantDelivery?
    /// The attestation result for relying parties (an EAR as a JWT), when it was asked for.
    public var ear: String?
    /// Where the next part of the IMA list begins; absent when none was asked for.
    public var ima: IMAListPosition?
    /// Which of the expected boot states was seen: `current`, `granted`, `previous`, `rescue` or `drifted`.
    public var bootState: String
    /// The policy rule that decided.
    public var rule: String

    /// The most bytes accepted: a grant, a proof of 64 hashes and a checkpoint with signatures.
    public static let maximumSize = 64 << 10

    /// Joins the parts.
    public init(
        lease: LeaseStatement,
        grant: GrantDelivery? = nil,
        ear: String? = nil,
        ima: IMAListPosition? = nil,
        bootState: String,
        rule: String
    ) {
        self.lease = lease
        self.grant = grant
        self.ear = ear
        self.ima = ima
        self.bootState = bootState
        self.rule = rule
    }
}

/// A lease as it is told to the instance.
public struct LeaseStatement: Hashable, Sendable, Codable {
    /// The lease's id.
    public var id: String
    /// Seconds since 1970 at which it ends by itself.
    public var expires: Int64

    /// States a lease.
    public init(id: String, expires: Int64) {
        self.id = id
        self.expires = expires
    }
}

/// A grant with the proof that it stands on the ledger.
public struct GrantDelivery: Hashable, Sendable, Codable {
    /// The JWS in compact form.
    public var grant: String
    /// The exact ledger entry that holds the grant's digest.
    public var entry: Blob
    /// `c2sp.org/tlog-proof@v1` text: index, inclusion proof, checkpoint.
    public var proof: String

    /// Joins the parts.
    public init(grant: String, entry: Blob, proof: String) {
        self.grant = grant
        self.entry = entry
        self.proof = proof
    }
}
