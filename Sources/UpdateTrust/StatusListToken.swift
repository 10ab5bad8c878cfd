public import AttestationResults
public import Messages

/// A Status List Token as a JWT (draft-ietf-oauth-status-list), whose signature was verified: how the instances of a verifier stand.
///
/// What it says was so when it was issued. Its statuses are compressed still.
public struct StatusListToken: Hashable, Sendable {
    /// What it says.
    public let claims: StatusListClaims
    /// The JWS in compact form.
    public let compact: String

    /// The most characters of the compact form.
    public static let maximumSize = StatusListClaims.maximumSize / 3 * 4 + 4096
    /// The value of `typ`, which the draft requires.
    public static let type = "statuslist+jwt"
    /// The media type.
    public static let mediaType = "application/" + type

    /// Verifies the compact form.
    ///
    /// The header has `alg` ES256, `typ`, and `kid` or none, and nothing else.
    /// - Parameter keys: the keys whose lists count.
    public static func verify(
        _ compact: String,
        keys: [StatementKey]
    ) throws(JWSError) -> StatusListToken {
        let payload = try CompactJWS.payload(
            ofResult: compact,
            type: type,
            isTypeRequired: true,
            limit: maximumSize,
            keys: keys
        )
        do {
            return StatusListToken(claims: try StatusListClaims(parsing: payload), compact: compact)
        } catch {
            throw JWSError(.claims, error.detail)
        }
    }

    /// Whether it may be relied on at a time: not before it was issued, nor from its expiry on.
    /// - Parameter now: seconds since 1970.
    func isCurrent(at now: Int64) -> Bool {
        AttestationResult.isCurrent(issuedAt: claims.issuedAt, expires: claims.expires, at: now)
    }
}
