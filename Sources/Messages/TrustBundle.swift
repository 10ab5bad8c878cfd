/// What a device, or an operator's machine, needs to know of a verifier to hold it to its word.
///
/// Written by `birthmark-verifier init`.
public struct TrustBundle: Hashable, Sendable, Codable {
    /// The format; 1 is the only one.
    public var formatVersion: Int
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
    /// Whose cosignatures a grant's checkpoint needs; absent: nobody's.
    public var ledgerWitnesses: LedgerQuorum?
    /// The keys whose word makes a release.
    public var releaseKeys: SigningKeys?

    /// The most bytes of the file.
    public static let maximumSize = 128 << 10

    /// Joins the parts.
    public init(
        verifier: String,
        url: String,
        tlsRoots: String,
        grantKeys: [StatementKey],
        resultKeys: [StatementKey]? = nil,
        ledgerKey: String,
        ledgerWitnesses: LedgerQuorum? = nil,
        releaseKeys: SigningKeys?
    ) {
        self.formatVersion = 1
        self.verifier = verifier
        self.url = url
        self.tlsRoots = tlsRoots
        self.grantKeys = grantKeys
        self.resultKeys = resultKeys
        self.ledgerKey = ledgerKey
        self.ledgerWitnesses = ledgerWitnesses
        self.releaseKeys = releaseKeys
    }

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
        try ledgerWitnesses?.check()
    }
}
