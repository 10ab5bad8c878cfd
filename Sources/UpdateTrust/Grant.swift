public import Messages

/// A grant whose signature was verified: the one value that a gate opens for.
public struct Grant: Hashable, Sendable {
    /// What it says.
    public let claims: GrantClaims
    /// The instance that it is for.
    public let instance: InstanceID
    /// The JWS in compact form (RFC 7515 section 7.1).
    public let compact: String

    /// SHA-256 of the compact form: what the ledger's entry names.
    public var digest: ContentDigest { ContentDigest(of: Array(compact.utf8)) }

    /// The most characters of the compact form; a real one has about 2,000.
    static let maximumSize = 8192
    /// The value of the header's `typ`.
    public static let type = "birthmark-grant+jwt"

    /// The key that a grant of either kind names, by its RFC 7638 thumbprint.
    ///
    /// `nil` when the text is no grant. Nothing of it is verified.
    public static func keyID(of compact: String) -> String? { GrantHeader.keyID(of: compact) }

    /// Verifies the compact form strictly: the header is exactly `alg` ES256, a `kid` out of the pinned keys, and `typ`; header and
    /// claims are canonical JSON; the claims do not contradict one another.
    ///
    /// Whether it is for this instance, package and moment is the gate's judgement: `GateCheck`.
    /// - Parameters:
    ///   - issuer: the verifier whose word counts.
    ///   - keys: its grant keys; during a rotation the old and the new one.
    public static func verify(_ compact: String, issuer: Label, keys: [StatementKey]) throws(JWSError) -> Grant {
        let claims = try GrantClaims(verifying: compact, keys: keys)
        let instance = try claims.checkedInstance(issuer: issuer)
        return Grant(claims: claims, instance: instance, compact: compact)
    }
}
