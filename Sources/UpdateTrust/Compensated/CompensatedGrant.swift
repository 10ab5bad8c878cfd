public import Messages

/// The claims of a grant to an instance without a TPM: another kind of token, which no gate with a TPM opens for.
public struct CompensatedGrantClaims: Hashable, Sendable, Codable {
    /// Who gave it: the verifier's name.
    public var iss: Label
    /// To whom: `urn:birthmark:instance:<id>`.
    public var sub: String
    /// For whom to read: always `urn:birthmark:compensated-gate`.
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
    /// Whose it is (RFC 7800): the key that was committed with it.
    public var cnf: Confirmation
    /// That key's position in the ratchet.
    public var position: Int64
    /// SHA-256 of the request's exact bytes.
    public var request: ContentDigest
    /// SHA-256 of the evidence.
    public var evidence: ContentDigest
    /// Always `compensated`.
    public var tier: Tier
    /// What may be installed.
    public var package: GrantedPackage
    /// What the device said that it ran.
    public var from: ClaimedRelease
    /// The lease above it.
    public var lease: GrantLease
    /// The policy that allowed it.
    public var policy: GrantPolicy
    /// How many different witnesses of the ledger must have signed for it, by its rule; absent: as many as the device itself wants.
    public var witnesses: Int?
    /// What was required beyond the signature, and what met it.
    public var controls: [ControlReport]
    /// By whose word an instance with a TPM speaks without it; absent for one that was born so.
    public var lowered: LoweredMark?

    /// The value of `aud`.
    public static let audience = "urn:birthmark:compensated-gate"
    /// The value of `eat_profile`.
    public static let profile = "urn:birthmark:eat-profile:compensated-grant:1"
    /// The value of the header's `typ`.
    public static let type = "birthmark-compensated-grant+jwt"
}

/// A grant to an instance without a TPM whose signature was verified.
public struct CompensatedGrant: Hashable, Sendable {
    /// What it says.
    public let claims: CompensatedGrantClaims
    /// The instance that it is for.
    public let instance: InstanceID
    /// The JWS in compact form (RFC 7515 section 7.1).
    public let compact: String

    /// SHA-256 of the compact form: what the ledger's entry names.
    public var digest: ContentDigest { ContentDigest(of: Array(compact.utf8)) }

    /// Verifies the compact form as strictly as ``Grant``'s.
    public static func verify(
        _ compact: String,
        issuer: Label,
        keys: [StatementKey]
    ) throws(JWSError) -> CompensatedGrant {
        let claims: CompensatedGrantClaims =
            try GrantHeader.claims(of: compact, type: CompensatedGrantClaims.type, keys: keys)
        return CompensatedGrant(
            claims: claims,
            instance: try claims.checkedInstance(issuer: issuer),
            compact: compact
        )
    }
}

extension CompensatedGrantClaims: FramedClaims {
    /// Holds the claims to one another, and gives the instance that `sub` names.
    fileprivate func checkedInstance(issuer: Label) throws(JWSError) -> InstanceID {
        guard aud == Self.audience, eat_profile == Self.profile, tier == .compensated else {
            throw JWSError(.claims, "the token is for another audience or of another profile")
        }
        guard controls.allSatisfy(\.isMet), position > 0 else {
            throw JWSError(.claims, "the grant says that a control was not met, or names no committed key")
        }
        return try framedInstance(issuer: issuer)
    }
}
