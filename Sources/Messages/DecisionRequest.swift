import Crypto
import Hashing

/// The bytes that say what is asked.
///
/// Their hash is the quote's qualifying data, so that a quote answers this request and no other.
public struct DecisionRequest: Hashable, Sendable, Codable {
    /// The format; 1 is the only one.
    public var version: Int
    /// Who asks.
    ///
    /// The verifier takes the key from its own record of this instance, never from the request.
    public var instance: InstanceID
    /// What for.
    public var purpose: Purpose
    /// The verifier's challenge or epoch, exactly as it was given; in a receipt that travels as a file the `jti` of the grant, which nobody
    /// knew before the grant was given.
    public var challenge: String
    /// Which installation asks: another key than before shows that the device was reimaged.
    public var installation: InstallationProof
    /// What is to be installed; present exactly when the purpose is `update` or `delayed`.
    public var package: PackageReference?
    /// The `jti` of the grant that was carried out; present exactly when the purpose is `confirm`.
    public var grant: String?
    /// The instance's TPM counters as the agent read them; absent for instances without.
    public var counters: CounterReadings?
    /// SHA-256 of the statement about another instance that a gateway makes (``VouchStatement``); present exactly when the purpose is `vouch`.
    public var vouches: ContentDigest?

    /// The most bytes a request has; a real one has about 800.
    public static let maximumSize = 4096

    /// Makes a request of the one format.
    public init(
        instance: InstanceID,
        purpose: Purpose,
        challenge: String,
        installation: InstallationProof,
        package: PackageReference? = nil,
        grant: String? = nil,
        counters: CounterReadings? = nil,
        vouches: ContentDigest? = nil
    ) {
        self.version = 1
        self.instance = instance
        self.purpose = purpose
        self.challenge = challenge
        self.installation = installation
        self.package = package
        self.grant = grant
        self.counters = counters
        self.vouches = vouches
    }

    /// Reads a request from its exact bytes.
    /// - Throws: `MessageError` when the bytes are no request or the parts contradict the purpose.
    public init(parsing bytes: [UInt8]) throws(MessageError) {
        self = try CanonicalJSON.decode(DecisionRequest.self, from: bytes, limit: Self.maximumSize)
        guard version == 1 else {
            throw MessageError(.outOfRange, "decision request version \(version) is not known here")
        }
        try installation.check()
        guard (package != nil) == purpose.namesPackage, (grant != nil) == (purpose == .confirm),
            (vouches != nil) == (purpose == .vouch)
        else {
            throw MessageError(
                .outOfRange,
                """
                "package" goes with update and delayed, "grant" with confirm, "vouches" with vouch, none with anything else
                """
            )
        }
    }

    /// The exact bytes that are digested and sent.
    public var bytes: [UInt8] {
        get throws(MessageError) { try CanonicalJSON.encode(self) }
    }

    /// The qualifying data of the quote: always 32 bytes, because TPM2B_DATA holds no more than 34 on SHA-256-only TPMs
    /// (Part 2, section 10.4.3), and under a domain tag, because the key signs nothing else with this prefix.
    public static func qualifyingData(for bytes: [UInt8]) -> [UInt8] {
        SHA256.digest(of: (Array("birthmark decision request v1\0".utf8) + bytes).span)
    }
}

/// The package that a request asks for, by content.
public struct PackageReference: Hashable, Sendable, Codable {
    /// The package's name.
    public var name: Label
    /// Its version, for people; order comes from security versions.
    public var version: Label
    /// SHA-256 of the artifact.
    public var sha256: ContentDigest
    /// SHA-256 of the signed release payload.
    public var manifest: ContentDigest

    /// Names a package.
    public init(name: Label, version: Label, sha256: ContentDigest, manifest: ContentDigest) {
        self.name = name
        self.version = version
        self.sha256 = sha256
        self.manifest = manifest
    }
}

/// Values of the instance's two NV counters, as `TPM2_NV_Read` gives them.
public struct CounterReadings: Hashable, Sendable, Codable {
    /// The security floor's counter.
    public var securityFloor: UInt64
    /// The counter that each install increments.
    public var grants: UInt64

    /// Joins both readings.
    public init(securityFloor: UInt64, grants: UInt64) {
        self.securityFloor = securityFloor
        self.grants = grants
    }
}
