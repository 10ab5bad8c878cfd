public import AttestationResults
public import Messages

/// The claims of a grant (RFC 7519; registered names where a registry has one).
public struct GrantClaims: Hashable, Sendable, Codable {
    /// Who gave it: the verifier's name.
    public var iss: Label
    /// To whom: `urn:birthmark:instance:<id>`.
    public var sub: String
    /// For whom to read: always `urn:birthmark:gate`.
    public var aud: String
    /// 16 random bytes in base64url: names the grant.
    public var jti: String
    /// When it was given, in seconds since 1970.
    public var iat: Int64
    /// From when it is good.
    public var nbf: Int64
    /// The first second at which it is not good any more; never after the lease's end.
    public var exp: Int64
    /// The format of these claims.
    public var eat_profile: String
    /// The challenge that the request answered.
    public var eat_nonce: String
    /// Whose it is (RFC 7800): the instance's attestation key.
    public var cnf: Confirmation
    /// SHA-256 of the decision request's exact bytes.
    public var request: ContentDigest
    /// SHA-256 of the TPMS_ATTEST bytes.
    public var quote: ContentDigest
    /// What it permits.
    public var purpose: GrantPurpose
    /// The act that lets the package below the security floor; absent when it is not below.
    public var downgrade: GrantDowngrade?
    /// How the instance proved itself.
    public var tier: Tier
    /// What may be installed.
    public var package: GrantedPackage
    /// What was running.
    public var from: GrantedFrom
    /// The lease above it.
    public var lease: GrantLease
    /// The policy that allowed it.
    public var policy: GrantPolicy
    /// How many different witnesses of the ledger must have signed for it, by its rule; absent: as many as the device itself wants.
    public var witnesses: Int?
    /// Where and when this TPM may use it.
    public var bounds: GrantBounds

    /// The value of `aud`.
    public static let audience = "urn:birthmark:gate"
    /// The value of `eat_profile`.
    public static let profile = "urn:birthmark:eat-profile:grant:1"
    /// What `sub` begins with.
    public static let subjectPrefix = "urn:birthmark:instance:"
    /// The bytes behind `jti`.
    static let identifierSize = 16
}

/// A key that the holder has to prove (RFC 7800), by thumbprint (RFC 9449 section 6.1).
public struct Confirmation: Hashable, Sendable, Codable {
    /// RFC 7638 thumbprint of the IAK's JWK, in base64url.
    public var jkt: String
}

/// What a grant permits.
public enum GrantPurpose: String, Hashable, Sendable, Codable, CaseIterable {
    /// A release of the same or a higher security version.
    case update
    /// A release of a lower security version than that of what runs, or of the floor; below the floor only with the act that says so.
    case downgrade
}

/// What lets a package below the security floor.
public struct GrantDowngrade: Hashable, Sendable, Codable {
    /// SHA-256 of the ledger entry of the operator's act.
    public var act: ContentDigest
    /// The floor when it was granted: a TPM whose floor is higher does not go by it.
    public var floor: UInt64
}

/// What may be installed.
public struct GrantedPackage: Hashable, Sendable, Codable {
    /// The package's name.
    public var name: Label
    /// The version, for people.
    public var version: Label
    /// The security version.
    public var securityVersion: UInt64
    /// The artifact's size in bytes.
    public var size: UInt64
    /// SHA-256 of the artifact.
    public var sha256: ContentDigest
    /// SHA-256 of the signed release payload.
    public var manifest: ContentDigest

    /// The package as requests name it.
    public var reference: PackageReference {
        PackageReference(name: name, version: version, sha256: sha256, manifest: manifest)
    }
}

/// What was running when a grant was given.
public struct GrantedFrom: Hashable, Sendable, Codable {
    /// SHA-256 of the release payload; absent for what the instance was born with.
    public var release: ContentDigest?
    /// The boot that was seen.
    public var bootState: BootName
}

/// The lease above a grant.
public struct GrantLease: Hashable, Sendable, Codable {
    /// Its id.
    public var id: Label
    /// The first second at which it does not hold any more.
    public var exp: Int64
}

/// The policy that allowed a grant.
public struct GrantPolicy: Hashable, Sendable, Codable {
    /// SHA-256 of the policy's file.
    public var sha256: ContentDigest
    /// The rule that decided.
    public var rule: Label
}

/// Where and when a grant may be used, in the TPM's own terms.
public struct GrantBounds: Hashable, Sendable, Codable {
    /// The reset count of the quote: a reboot since then shuts the gate, unless `resets` allows it.
    public var resetCount: UInt32
    /// How many resets since the quote the grant outlasts; present exactly in grants that travel as files.
    public var resets: UInt32?
    /// The span of the TPM's clock.
    public var clock: ClockBounds
    /// The counter that the install spends.
    public var counter: CounterBound

    /// A span of the TPM's clock, in milliseconds, both ends included.
    public struct ClockBounds: Hashable, Sendable, Codable {
        /// The clock at the quote.
        public var min: UInt64
        /// The clock when the grant's time has passed.
        public var max: UInt64
    }

    /// An NV counter at one value.
    public struct CounterBound: Hashable, Sendable, Codable {
        /// The NV index.
        public var index: UInt32
        /// The value that the install raises by one.
        public var value: UInt64
    }
}
