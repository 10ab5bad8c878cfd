public import AttestationResults
public import Crypto
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
    public static let clockTolerance: Int64 = 300

    /// Verifies the compact form.
    ///
    /// The header has `alg` ES256, `typ` JWT or none, and `kid` or none; with a `kid` only the key of that thumbprint counts,
    /// without one each of the keys is tried. Anything else in a header is a refusal.
    /// - Parameter keys: the keys whose results count.
    public static func verify(
        _ compact: String,
        keys: [StatementKey]
    ) throws(AttestationResultError) -> AttestationResult {
        guard compact.utf8.count <= maximumSize, let parts = CompactJWS(parsing: compact) else {
            throw AttestationResultError(
                .malformed,
                "not three parts of base64url, or more than \(maximumSize) characters"
            )
        }
        let kid = try keyID(parts.header)
        let candidates = keys.filter { kid == nil || JSONWebKey($0)?.thumbprint == kid }
        guard !candidates.isEmpty else {
            throw AttestationResultError(.unknownKey, "none of the \(keys.count) known keys is the one it names")
        }
        guard candidates.contains(where: parts.isSigned(by:)) else {
            throw AttestationResultError(.signature, "the signature does not verify")
        }
        do {
            return AttestationResult(claims: try EARClaims(parsing: parts.payload), compact: compact)
        } catch {
            throw AttestationResultError(.claims, error.detail)
        }
    }

    /// Whether it may be relied on at a time; nothing follows from it before it was issued, or from its expiry on.
    /// - Parameter now: seconds since 1970.
    public func isCurrent(at now: Int64) -> Bool {
        now >= claims.issuedAt.subtractingReportingOverflow(Self.clockTolerance).partialValue
            && (claims.expires.map { now < $0 } ?? true)
    }

    /// Whether it is about this instance alone, as the results of our verifier are about one.
    public func isAbout(_ instance: InstanceID) -> Bool {
        claims.appraisals.keys.elementsEqual([EARClaims.label(of: instance)])
    }

    private static func keyID(_ bytes: [UInt8]) throws(AttestationResultError) -> String? {
        let header: JSONTree
        do {
            header = try JSONTree(parsing: bytes)
        } catch {
            throw AttestationResultError(.header, error.detail)
        }
        guard case .object(let members) = header else { throw AttestationResultError(.header, "not an object") }
        guard members["alg"] == .string(CompactJWS.algorithm) else {
            throw AttestationResultError(.algorithm, "the algorithm is not \(CompactJWS.algorithm)")
        }
        // jwk, jku, x5c: a token that brings its own key. crit: something that must be understood, and is not.
        if let foreign = members.members.map(\.key).first(where: { !["alg", "typ", "kid"].contains($0) }) {
            throw AttestationResultError(.header, "\(foreign.prefix(40).debugDescription) has no place in the header")
        }
        guard members["typ"].map({ $0 == .string(type) }) ?? true else {
            throw AttestationResultError(.header, "\"typ\" is not \(type)")
        }
        switch members["kid"] {
        case nil: return nil
        case .string(let kid): return kid
        default: throw AttestationResultError(.header, "\"kid\" is not a text")
        }
    }
}

/// Why a compact form is no attestation result.
public struct AttestationResultError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of fault it is.
    public enum Code: String, Hashable, Sendable, CaseIterable {
        /// Not three parts of base64url, or too long.
        case malformed
        /// The header has something that it must not have.
        case header
        /// The algorithm is not ES256.
        case algorithm
        /// The key is none of the pinned ones.
        case unknownKey = "unknown-key"
        /// The signature does not verify.
        case signature
        /// The claims are not an EAR's, or contradict one another.
        case claims
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

/// The verifier's results key: P-256, in memory; it signs results for relying parties and nothing else.
public struct ResultSigner: Sendable {
    private let key: P256.Signing.PrivateKey
    private let kid: String
    /// The public half, for trust bundles.
    public let publicKey: StatementKey

    private struct Header: Codable {
        var alg = CompactJWS.algorithm
        var kid: String
        var typ = AttestationResult.type
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

    /// Signs claims: ES256 (RFC 7515 section 5.1).
    public func sign(_ claims: EARClaims) throws(MessageError) -> AttestationResult {
        let compact = try CompactJWS.sign(
            header: try CanonicalJSON.encode(Header(kid: kid)),
            payload: try CanonicalJSON.encode(claims),
            with: .p256(key)
        )
        return AttestationResult(claims: claims, compact: compact)
    }
}
