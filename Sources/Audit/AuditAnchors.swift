public import Endorsement
public import Ledger
public import Messages
public import UpdateTrust

/// Whom an auditor believes: nothing in a bundle counts but by these, and they come from elsewhere.
public struct AuditAnchors: Sendable {
    /// The verifier whose grants are judged.
    public var verifier: Label
    /// The keys of the ledger's checkpoints: one, or several while one follows another.
    public var ledgerKeys: [VerifierKey]
    /// The witnesses that are known.
    public var witnesses: [VerifierKey]
    /// How many of them must have signed the checkpoint.
    public var quorum: Int
    /// The keys that grants are signed with, and were.
    public var grantKeys: [StatementKey]
    /// The keys whose word makes a release; `nil` when that is not judged.
    public var releaseKeys: SigningKeys?
    /// Those whose word made one before: a release that enough of any of these sets have signed was one.
    public var earlierReleaseKeys: [SigningKeys]
    /// The factories whose births count; `nil` when births are held to the ledger alone.
    public var factory: Factory?
    /// Who is an operator; `nil` when certificates of operators are held to nobody.
    public var operators: Operators?
    /// The time-zone file (RFC 9636) of a zone that a policy names.
    public var zoneFile: @Sendable (ZoneName) -> [UInt8]?

    /// Whose births count.
    public struct Factory: Sendable {
        /// The stations.
        public var stations: StationKeys
        /// Whose certificates of device keys count.
        public var factories: FactoryPolicy
        /// Vendors of TPMs; `nil` when the factory's judgement of the endorsement key stands.
        public var endorsement: EndorsementPolicy?
        /// Endorsement keys that count without a certificate.
        public var allowed: EKAllowList?

        /// Joins the parts.
        public init(
            stations: StationKeys,
            factories: FactoryPolicy,
            endorsement: EndorsementPolicy?,
            allowed: EKAllowList?
        ) {
            self.stations = stations
            self.factories = factories
            self.endorsement = endorsement
            self.allowed = allowed
        }
    }

    /// Who is an operator, and from when on operators have signed.
    public struct Operators: Sendable {
        /// Whose certificates count.
        public var trust: OperatorTrust
        /// The first second, since 1970, at which an act that nobody has signed is none; before, the verifier did not ask for it.
        public var signedSince: Int64

        /// Joins both.
        public init(_ trust: OperatorTrust, signedSince: Int64 = .min) {
            self.trust = trust
            self.signedSince = signedSince
        }
    }

    /// Joins the parts.
    public init(
        verifier: Label,
        ledgerKeys: [VerifierKey],
        witnesses: [VerifierKey] = [],
        quorum: Int = 0,
        grantKeys: [StatementKey],
        releaseKeys: SigningKeys?,
        earlierReleaseKeys: [SigningKeys] = [],
        factory: Factory? = nil,
        operators: Operators? = nil,
        zoneFile: @escaping @Sendable (ZoneName) -> [UInt8]? = { _ in nil }
    ) {
        self.verifier = verifier
        self.ledgerKeys = ledgerKeys
        self.witnesses = witnesses
        self.quorum = quorum
        self.grantKeys = grantKeys
        self.releaseKeys = releaseKeys
        self.earlierReleaseKeys = earlierReleaseKeys
        self.factory = factory
        self.operators = operators
        self.zoneFile = zoneFile
    }
}
