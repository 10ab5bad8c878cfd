public import AttestationResults
public import Crypto
public import Messages

/// The verifier's results key: P-256, in memory; it signs what relying parties are told, and nothing else.
public struct ResultSigner: Sendable {
    private let key: P256.Signing.PrivateKey
    private let kid: String
    /// The public half, for trust bundles.
    public let publicKey: StatementKey

    private struct Header: Codable {
        var alg = CompactJWS.algorithm
        var kid: String
        var typ: String
    }

    /// Takes the key.
    /// - Throws: `MessageError` when it has no thumbprint.
    public init(key: P256.Signing.PrivateKey) throws(MessageError) {
        self.key = key
        publicKey = StatementKey(key.publicKey)
        guard let jwk = JSONWebKey(publicKey) else {
            throw MessageError(.notEncodable, "the results key is not a P-256 key")
        }
        kid = jwk.thumbprint
    }

    /// Signs a result.
    public func sign(_ claims: EARClaims) throws(MessageError) -> AttestationResult {
        AttestationResult(claims: claims, compact: try compact(claims, AttestationResult.type))
    }

    /// Signs a status list.
    public func sign(_ claims: StatusListClaims) throws(MessageError) -> StatusListToken {
        StatusListToken(claims: claims, compact: try compact(claims, StatusListToken.type))
    }

    /// Signs what was committed for an instance without a TPM.
    /// - Returns: the JWS in compact form.
    public func sign(_ commitment: Commitment) throws(MessageError) -> String {
        try compact(commitment, Commitment.type)
    }

    /// Signs that a farewell of an instance without a TPM was taken.
    /// - Returns: the JWS in compact form.
    public func sign(_ word: FarewellWord) throws(MessageError) -> String { try compact(word, FarewellWord.type) }

    /// ES256 (RFC 7515 section 5.1).
    private func compact(_ claims: some Encodable, _ type: String) throws(MessageError) -> String {
        try CompactJWS.sign(
            header: try CanonicalJSON.encode(Header(kid: kid, typ: type)),
            payload: try CanonicalJSON.encode(claims),
            with: .p256(key)
        )
    }
}
