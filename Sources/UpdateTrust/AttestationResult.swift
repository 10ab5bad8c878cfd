public import AttestationResults
public import Messages

/// An EAT Attestation Result as a JWT (draft-ietf-rats-ear), whose signature was verified.
public struct AttestationResult: Hashable, Sendable {
    /// What it says.
    public let claims: EARClaims
    /// The JWS in compact form.
    public let compact: String

    /// The most characters of the compact form; one of ours has about 900.
    public static let maximumSize = 64 << 10
    /// The value of `typ`: what RFC 7519 section 5.1 recommends, because readers in use refuse any other.
    static let type = "JWT"
    /// By how many seconds the clocks of a verifier and a reader may differ.
    static let clockTolerance: Int64 = 300

    /// Verifies the compact form.
    ///
    /// The header has `alg` ES256, `typ` JWT or none, and `kid` or none; with a `kid` only the key of that thumbprint counts,
    /// without one each of the keys is tried. Anything else in a header is a refusal.
    /// - Parameter keys: the keys whose results count.
    public static func verify(
        _ compact: String,
        keys: [StatementKey]
    ) throws(JWSError) -> AttestationResult {
        let payload = try CompactJWS.payload(
            ofResult: compact,
            type: type,
            isTypeRequired: false,
            limit: maximumSize,
            keys: keys
        )
        do {
            return AttestationResult(claims: try EARClaims(parsing: payload), compact: compact)
        } catch {
            throw JWSError(.claims, error.detail)
        }
    }

    /// Whether it may be relied on at a time; nothing follows from it before it was issued, or from its expiry on.
    /// - Parameter now: seconds since 1970.
    func isCurrent(at now: Int64) -> Bool {
        Self.isCurrent(issuedAt: claims.issuedAt, expires: claims.expires, at: now)
    }

    /// The same for whatever a verifier has signed for readers.
    /// - Parameter expires: `nil` for what never expires.
    static func isCurrent(issuedAt: Int64, expires: Int64?, at now: Int64) -> Bool {
        let (earliest, overflow) = issuedAt.subtractingReportingOverflow(clockTolerance)
        return (overflow || now >= earliest) && (expires.map { now < $0 } ?? true)
    }

    /// Whether it is about this instance alone, as the results of our verifier are about one.
    public func isAbout(_ instance: InstanceID) -> Bool {
        claims.appraisals.keys.elementsEqual([EARClaims.label(of: instance)])
    }
}
