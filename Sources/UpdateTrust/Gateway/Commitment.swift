import AttestationResults
public import Messages

/// What the verifier has committed for an instance without a TPM, signed by its results key, so that whoever carries the answer, a
/// gateway above all, cannot make an instance believe that its key moved on.
public struct Commitment: Hashable, Sendable, Codable {
    /// The verifier's name.
    public var iss: Label
    /// To whom: `urn:birthmark:instance:<id>`.
    public var sub: String
    /// When, in seconds since 1970.
    public var iat: Int64
    /// SHA-256 of the exact bytes of the request that it answers.
    public var request: ContentDigest
    /// The key that signs from here on (RFC 7800).
    public var cnf: Confirmation
    /// That key's position in the ratchet.
    public var position: Int64
    /// The lease as it now is.
    public var lease: GrantLease

    /// The value of the header's `typ`.
    public static let type = "birthmark-commitment+jwt"
    /// The most characters of the compact form.
    static let maximumSize = 4096

    /// States what was committed.
    public init(
        by verifier: Label,
        to instance: InstanceID,
        at now: Int64,
        request: ContentDigest,
        _ acceptance: CompensatedAcceptance
    ) throws(MessageError) {
        guard let lease = Label(acceptance.lease.id) else {
            throw MessageError(.notEncodable, "a lease without a name")
        }
        iss = verifier
        sub = GrantClaims.subjectPrefix + instance.text
        iat = now
        self.request = request
        cnf = Confirmation(jkt: JSONWebKey(acceptance.ratchet.key).thumbprint)
        position = acceptance.ratchet.position
        self.lease = GrantLease(id: lease, exp: acceptance.lease.expires)
    }

    /// Verifies the compact form, and holds it to the request that was sent and the answer that it came with.
    /// - Parameter request: the exact bytes of the request.
    /// - Throws: `JWSError` when it is not the verifier's, or says something else than the answer.
    public static func hold(
        _ answer: CompensatedAnswer,
        to request: [UInt8],
        of instance: InstanceID,
        issuer: Label,
        keys: [StatementKey]
    ) throws(JWSError) {
        guard let compact = answer.commitment else {
            throw JWSError(.malformed, "the verifier's signature over what it has committed is missing")
        }
        let claims: Commitment = try CompactJWS.word(compact, type, limit: maximumSize, keys: keys)
        guard claims.iss == issuer, claims.sub == GrantClaims.subjectPrefix + instance.text,
            claims.request == ContentDigest(of: request),
            claims.cnf == Confirmation(jkt: JSONWebKey(answer.key).thumbprint), claims.position == answer.position,
            claims.lease.id.text == answer.lease.id, claims.lease.exp == answer.lease.expires
        else { throw JWSError(.claims, "the verifier committed something else than the answer says") }
    }
}

extension CompactJWS {
    /// What the verifier has told an instance without a TPM under its results key, whoever carried it.
    static func word<Claims: Codable>(
        _ compact: String,
        _ type: String,
        limit: Int,
        keys: [StatementKey]
    ) throws(JWSError) -> Claims {
        let payload = try payload(ofResult: compact, type: type, isTypeRequired: true, limit: limit, keys: keys)
        do {
            return try CanonicalJSON.decode(Claims.self, from: payload, limit: limit)
        } catch {
            throw JWSError(.claims, error.detail)
        }
    }
}
