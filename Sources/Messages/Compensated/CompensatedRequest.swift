/// The bytes that an instance without a TPM signs, with the key that it has and with the next one.
public struct CompensatedRequest: Hashable, Sendable, Codable {
    /// The format; 1 is the only one.
    public var version: Int
    /// Who asks.
    public var instance: InstanceID
    /// What for: `attest`, `update`, `confirm` or `farewell`.
    public var purpose: Purpose
    /// The verifier's challenge, exactly as it was given.
    public var challenge: String
    /// The key that the verifier committed last: it signs.
    public var key: SoftwareKey
    /// The key that the answer commits: it signs as well, and takes the other's place.
    ///
    /// Until an answer came it stays the same, so that an answer that was lost is not taken for a copy.
    public var next: SoftwareKey
    /// What the device's hardware says now.
    public var claims: HardwareClaims
    /// What the device says that it runs.
    public var running: ClaimedRelease
    /// What is to be installed; present exactly when the purpose is `update`.
    public var package: PackageReference?
    /// The `jti` of the grant that was carried out; present exactly when the purpose is `confirm`.
    public var grant: String?
    /// What somebody at the device was told; only with the purpose `update`.
    public var witness: WitnessCode?

    /// The most bytes a request has; a real one has about 900.
    public static let maximumSize = 8192
    /// What such an instance can ask for.
    public static let purposes: Set<Purpose> = [.attest, .update, .confirm, .farewell]

    /// Makes a request of the one format.
    public init(
        instance: InstanceID,
        purpose: Purpose,
        challenge: String,
        key: SoftwareKey,
        next: SoftwareKey,
        claims: HardwareClaims,
        running: ClaimedRelease,
        package: PackageReference? = nil,
        grant: String? = nil,
        witness: WitnessCode? = nil
    ) {
        self.version = 1
        self.instance = instance
        self.purpose = purpose
        self.challenge = challenge
        self.key = key
        self.next = next
        self.claims = claims
        self.running = running
        self.package = package
        self.grant = grant
        self.witness = witness
    }

    /// Reads a request from its exact bytes.
    /// - Throws: `MessageError` when the bytes are no request or the parts contradict one another.
    public init(parsing bytes: [UInt8]) throws(MessageError) {
        self = try CanonicalJSON.decode(CompensatedRequest.self, from: bytes, limit: Self.maximumSize)
        guard version == 1 else {
            throw MessageError(.outOfRange, "compensated request version \(version) is not known here")
        }
        guard Self.purposes.contains(purpose), (package != nil) == (purpose == .update),
            (grant != nil) == (purpose == .confirm)
        else {
            throw MessageError(
                .outOfRange,
                "an instance without a TPM asks for attest or farewell, for update with \"package\", or for confirm with \"grant\""
            )
        }
        guard witness == nil || purpose == .update else {
            throw MessageError(.outOfRange, "\"witness\" goes with the purpose update, and with no other")
        }
        guard key != next else { throw MessageError(.outOfRange, "\"next\" is another key than \"key\"") }
    }

    /// The exact bytes that are signed and sent.
    public var bytes: [UInt8] {
        get throws(MessageError) { try CanonicalJSON.encode(self) }
    }

    /// What the key that was committed signs: the bytes under a domain tag.
    public static func message(for bytes: [UInt8]) -> [UInt8] {
        Array("birthmark compensated request v1\0".utf8) + bytes
    }

    /// What the next key signs: it shows that it is there, and nothing else.
    public static func nextMessage(for bytes: [UInt8]) -> [UInt8] {
        Array("birthmark compensated request v1 next\0".utf8) + bytes
    }
}

/// A release that somebody names without anybody having measured it.
public struct ClaimedRelease: Hashable, Sendable, Codable {
    /// The package's name.
    public var name: Label
    /// The version, for people.
    public var version: Label
    /// SHA-256 of the signed release payload; absent for what an instance was born with.
    public var manifest: ContentDigest?

    /// Names a release.
    public init(name: Label, version: Label, manifest: ContentDigest?) {
        self.name = name
        self.version = version
        self.manifest = manifest
    }
}
