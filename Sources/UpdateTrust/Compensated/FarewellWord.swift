import AttestationResults
public import Messages

/// The verifier's word that it has taken the farewell of an instance without a TPM, signed by its results key: a gateway that made one up
/// would have an instance destroy its keys that nobody has retired.
public struct FarewellWord: Hashable, Sendable, Codable {
    /// The verifier's name.
    public var iss: Label
    /// To whom: `urn:birthmark:instance:<id>`.
    public var sub: String
    /// SHA-256 of the exact bytes of the request that it answers.
    public var request: ContentDigest
    /// When the farewell was taken, in seconds since 1970; of several, the first.
    public var at: Int64

    /// The value of the header's `typ`.
    public static let type = "birthmark-farewell+jwt"
    /// The most characters of the compact form.
    static let maximumSize = 2048

    /// States that a farewell was taken.
    public init(by verifier: Label, to instance: InstanceID, request: ContentDigest, _ farewell: Farewell) {
        iss = verifier
        sub = GrantClaims.subjectPrefix + instance.text
        self.request = request
        at = farewell.at
    }

    /// Verifies what came with an answer, and holds it to the request that was sent and to the answer.
    /// - Parameter request: the exact bytes of the request.
    /// - Throws: `JWSError` when it is not the verifier's, or says something else than the answer.
    public static func hold(
        _ answer: FarewellAnswer,
        to request: [UInt8],
        of instance: InstanceID,
        issuer: Label,
        keys: [StatementKey]
    ) throws(JWSError) {
        guard let compact = answer.word else {
            throw JWSError(.malformed, "the verifier's signature over the farewell is missing")
        }
        let claims: FarewellWord = try CompactJWS.word(compact, type, limit: maximumSize, keys: keys)
        guard claims.iss == issuer, claims.sub == GrantClaims.subjectPrefix + instance.text,
            claims.request == ContentDigest(of: request), answer.instance == instance, claims.at == answer.at
        else { throw JWSError(.claims, "the verifier took something else than the answer says") }
    }
}
