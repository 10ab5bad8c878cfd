public import Crypto
public import Messages

/// The terms of a grant that was decided on.
///
/// Only `decide` makes them, out of an `AttestedState` or a `CompensatedState`; a signer takes nothing else.
public struct GrantTerms<Claims: Hashable & Sendable>: Hashable, Sendable {
    /// What the grant will say.
    public let claims: Claims
    /// The boot that the package leads to, of an instance that has a TPM: its quotes will show it.
    let boot: BootProfile?

    init(claims: Claims, boot: BootProfile?) {
        self.claims = claims
        self.boot = boot
    }
}

/// Terms that were signed.
public struct SignedGrant<Claims: Hashable & Sendable>: Hashable, Sendable {
    /// What was signed.
    public let terms: GrantTerms<Claims>
    /// The JWS in compact form.
    public let compact: String
    /// The key that signed it, by its RFC 7638 thumbprint.
    public let kid: String

    /// SHA-256 of the compact form.
    public var digest: ContentDigest { ContentDigest(of: Array(compact.utf8)) }
}

/// The verifier's grant key: P-256, in memory.
public struct GrantSigner: Sendable {
    private let key: P256.Signing.PrivateKey
    /// RFC 7638 thumbprint of the key.
    public let kid: String
    /// The public half, for trust bundles.
    public let publicKey: StatementKey
    // What stands at the head of every grant of either kind; the key and the kind are all that is in it.
    private let header: [UInt8]
    private let compensatedHeader: [UInt8]

    /// Takes the key.
    /// - Throws: `MessageError` when it has no thumbprint.
    public init(key: P256.Signing.PrivateKey) throws(MessageError) {
        self.key = key
        publicKey = StatementKey(key.publicKey)
        guard let jwk = JSONWebKey(publicKey) else {
            throw MessageError(.notEncodable, "the grant key is not a P-256 key")
        }
        kid = jwk.thumbprint
        header = try CanonicalJSON.encode(GrantHeader(kid: kid, typ: Grant.type))
        compensatedHeader = try CanonicalJSON.encode(GrantHeader(kid: kid, typ: CompensatedGrantClaims.type))
    }

    /// Signs terms: ES256 over header and claims (RFC 7515 section 5.1).
    public func sign(_ terms: GrantTerms<GrantClaims>) throws(MessageError) -> SignedGrant<GrantClaims> {
        let payload = try CanonicalJSON.encode(terms.claims)
        return SignedGrant(terms: terms, compact: try compact(header, payload), kid: kid)
    }

    /// Signs terms for an instance without a TPM, with another type in the header.
    public func sign(
        _ terms: GrantTerms<CompensatedGrantClaims>
    ) throws(MessageError) -> SignedGrant<CompensatedGrantClaims> {
        let payload = try CanonicalJSON.encode(terms.claims)
        return SignedGrant(terms: terms, compact: try compact(compensatedHeader, payload), kid: kid)
    }

    private func compact(_ header: [UInt8], _ payload: [UInt8]) throws(MessageError) -> String {
        let compact = try CompactJWS.sign(header: header, payload: payload, with: .p256(key))
        guard compact.utf8.count <= Grant.maximumSize else {
            throw MessageError(
                .tooLarge,
                "a grant of \(compact.utf8.count) characters, a gate reads \(Grant.maximumSize)"
            )
        }
        return compact
    }
}
