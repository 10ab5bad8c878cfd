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
    public static func verify(_ compact: String, issuer: Label, keys: [StatementKey]) throws(GrantError) -> Grant {
        let claims = try GrantClaims(verifying: compact, keys: keys)
        let instance = try claims.checkedInstance(issuer: issuer)
        return Grant(claims: claims, instance: instance, compact: compact)
    }
}

/// Why a compact form is no grant.
public struct GrantError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of fault it is.
    public enum Code: String, Hashable, Sendable, CaseIterable {
        /// Not three parts of base64url, or too long.
        case malformed
        /// The header is not exactly the three members of a grant's.
        case header
        /// The algorithm is not ES256.
        case algorithm
        /// The key is none of the pinned ones.
        case unknownKey = "unknown-key"
        /// The signature does not verify.
        case signature
        /// The claims are not a grant's, or contradict one another.
        case claims
        /// Somebody else gave it.
        case issuer
    }

    /// The kind of fault.
    public let code: Code
    /// One line for people.
    public let detail: String

    init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }

    /// The line for people.
    public var description: String { detail }
}
