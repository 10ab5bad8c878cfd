/// What a device, or an operator's machine, needs to know of a verifier to hold it to its word.
///
/// Written by `birthmark-verifier init`; what follows it, people sign (``TrustChain``).
public struct TrustBundle: Hashable, Sendable, Codable {
    /// The format; 1 is the only one.
    public var formatVersion: Int
    /// Which of the verifier's bundles it is, each of which follows the one before; absent: 1.
    public var version: Int64?
    /// The verifier's name, as grants carry it in `iss`.
    public var verifier: String
    /// Where it listens: `https://host:port`.
    public var url: String
    /// The CA certificates (PEM) that its TLS certificate must chain to, and no others.
    public var tlsRoots: String
    /// The keys that sign grants: P-256.
    public var grantKeys: [StatementKey]
    /// The keys that sign attestation results for relying parties: P-256; absent in bundles of before there were any.
    public var resultKeys: [StatementKey]?
    /// The ledger's checkpoint key as a C2SP vkey.
    public var ledgerKey: String
    /// Further checkpoint keys of the same ledger, while one follows another: the signature of any of them counts.
    public var ledgerKeys: [String]?
    /// Whose cosignatures a grant's checkpoint needs; absent: nobody's.
    public var ledgerWitnesses: LedgerQuorum?
    /// The keys whose word makes a release.
    public var releaseKeys: SigningKeys?
    /// The keys of people whose word makes the next version; absent: nobody's, and no version follows this one.
    public var trustKeys: SigningKeys?

    /// The most bytes of the file.
    public static let maximumSize = 128 << 10
    /// The payload type of a signed bundle.
    public static let payloadType = "application/vnd.birthmark.trust.v1+json"
    /// A million rotations are more than any verifier lives to see.
    public static let maximumVersion: Int64 = 1_000_000
    /// A rotation takes two; a few more leave room for one that was never finished.
    static let maximumLedgerKeys = 8

    /// Joins the parts.
    public init(
        verifier: String,
        url: String,
        tlsRoots: String,
        grantKeys: [StatementKey],
        resultKeys: [StatementKey]? = nil,
        ledgerKey: String,
        ledgerWitnesses: LedgerQuorum? = nil,
        releaseKeys: SigningKeys?,
        version: Int64? = nil,
        trustKeys: SigningKeys? = nil
    ) {
        self.formatVersion = 1
        self.version = version
        self.verifier = verifier
        self.url = url
        self.tlsRoots = tlsRoots
        self.grantKeys = grantKeys
        self.resultKeys = resultKeys
        self.ledgerKey = ledgerKey
        self.ledgerWitnesses = ledgerWitnesses
        self.releaseKeys = releaseKeys
        self.trustKeys = trustKeys
    }

    /// Which version it is; the first one may not say so.
    public var number: Int64 { version ?? 1 }

    /// Every checkpoint key of the ledger, as C2SP vkeys.
    public var allLedgerKeys: [String] { [ledgerKey] + (ledgerKeys ?? []) }

    /// Reads the file.
    public init(parsing bytes: [UInt8]) throws(MessageError) {
        self = try EditedJSON.decode(TrustBundle.self, from: bytes, limit: Self.maximumSize)
        guard formatVersion == 1 else {
            throw MessageError(.outOfRange, "trust bundle format \(formatVersion) is not known here")
        }
        guard !grantKeys.isEmpty, (grantKeys + (resultKeys ?? [])).allSatisfy({ $0.algorithm == .es256 && $0.isUsable })
        else {
            throw MessageError(.outOfRange, "a trust bundle needs at least one grant key, and its keys are ES256")
        }
        guard (1...Self.maximumVersion).contains(number) else {
            throw MessageError(.outOfRange, "\"version\" of a trust bundle is 1 to \(Self.maximumVersion)")
        }
        guard allLedgerKeys.count <= Self.maximumLedgerKeys, Set(allLedgerKeys).count == allLedgerKeys.count else {
            throw MessageError(
                .outOfRange,
                "at most \(Self.maximumLedgerKeys) keys of a ledger in a trust bundle, each of them once"
            )
        }
        // A set that came with a file was read without the checks of its own initialiser.
        for keys in [releaseKeys, trustKeys].compactMap({ $0 }) { try keys.check() }
        try ledgerWitnesses?.check()
    }
}
