import Messages
import Wording

/// The one header of a grant; whatever else stands in one is not canonical and refused.
struct GrantHeader: Codable {
    var alg = CompactJWS.algorithm
    var kid: String
    var typ: String

    /// The claims of a token of one type that one of the keys signed.
    static func claims<Claims: Codable>(
        of compact: String,
        type: String,
        keys: [StatementKey]
    ) throws(JWSError) -> Claims {
        let payload = try payload(of: compact, type: type, keys: keys)
        do {
            return try CanonicalJSON.decode(Claims.self, from: payload, limit: Grant.maximumSize)
        } catch {
            throw JWSError(.claims, error.detail)
        }
    }

    private static func payload(of compact: String, type: String, keys: [StatementKey]) throws(JWSError) -> [UInt8] {
        guard compact.utf8.count <= Grant.maximumSize else {
            throw JWSError(.malformed, "\(compact.utf8.count) characters, a grant has at most \(Grant.maximumSize)")
        }
        guard let parts = CompactJWS(parsing: compact) else {
            throw JWSError(.malformed, "not three parts of base64url between two dots")
        }
        let header = try parsed(parts.header, type: type)
        guard let key = keys.first(where: { JSONWebKey($0)?.thumbprint == header.kid }) else {
            throw JWSError(
                .unknownKey,
                "the grant is signed with a key that is not known; \(Counted.of(keys.count, "other is", "others are"))"
            )
        }
        guard parts.isSigned(by: key) else { throw JWSError(.signature, "the grant's signature does not verify") }
        return parts.payload
    }

    /// The key that a token names, whatever its type.
    ///
    /// `nil` when it is none. Nothing else of it is read.
    static func keyID(of compact: String) -> String? {
        guard compact.utf8.count <= Grant.maximumSize, let parts = CompactJWS(parsing: compact) else { return nil }
        return try? CanonicalJSON.decode(GrantHeader.self, from: parts.header, limit: Grant.maximumSize).kid
    }

    private static func parsed(_ bytes: [UInt8], type: String) throws(JWSError) -> GrantHeader {
        let parsed: GrantHeader
        do {
            // Members that a grant's header does not have (jwk, jku, x5c, crit) make it another text than its canonical one.
            parsed = try CanonicalJSON.decode(GrantHeader.self, from: bytes, limit: Grant.maximumSize)
        } catch {
            throw JWSError(.header, error.detail)
        }
        guard parsed.alg == CompactJWS.algorithm else {
            throw JWSError(.algorithm, "the algorithm is not \(CompactJWS.algorithm)")
        }
        guard parsed.typ == type else { throw JWSError(.header, "\"typ\" is not \(type)") }
        return parsed
    }
}

/// What the claims of every kind of grant have, and are held to.
protocol FramedClaims {
    var iss: Label { get }
    var sub: String { get }
    var jti: String { get }
    var cnf: Confirmation { get }
    var request: ContentDigest { get }
    var iat: Int64 { get }
    var nbf: Int64 { get }
    var exp: Int64 { get }
    var lease: GrantLease { get }
    var witnesses: Int? { get }
}

extension FramedClaims {
    /// The instance that `sub` names.
    func framedInstance(issuer: Label) throws(JWSError) -> InstanceID {
        guard iss == issuer else { throw JWSError(.issuer, "the grant was given by \(iss), not by \(issuer)") }
        guard sub.hasPrefix(GrantClaims.subjectPrefix),
            let instance = InstanceID(sub.dropFirst(GrantClaims.subjectPrefix.count))
        else {
            throw JWSError(.claims, "\"sub\" names no instance")
        }
        guard Base64URL.decode(jti)?.count == GrantClaims.identifierSize,
            Base64URL.decode(cnf.jkt)?.count == ContentDigest.size
        else {
            throw JWSError(.claims, "\"jti\" or \"jkt\" has not its size")
        }
        guard iat <= nbf, nbf < exp else { throw JWSError(.claims, "the times of the grant are not in order") }
        guard exp <= lease.exp else { throw JWSError(.claims, "the grant would outlive its lease") }
        if let witnesses, !PolicyRule.witnessCounts.contains(witnesses) {
            throw JWSError(.claims, "\"witnesses\" is no number of them")
        }
        return instance
    }
}

extension GrantClaims: FramedClaims {
    /// Reads the claims of a grant that one of the keys signed.
    init(verifying compact: String, keys: [StatementKey]) throws(JWSError) {
        self = try GrantHeader.claims(of: compact, type: Grant.type, keys: keys)
    }

    /// Holds the claims to one another, and gives the instance that `sub` names.
    func checkedInstance(issuer: Label) throws(JWSError) -> InstanceID {
        let instance = try framedInstance(issuer: issuer)
        guard aud == Self.audience, eat_profile == Self.profile else {
            throw JWSError(.claims, "the token is for another audience or of another profile")
        }
        guard (bounds.resets ?? 0) <= DelayedRule.maximumResets else {
            throw JWSError(.claims, "the grant would outlast more resets than any may")
        }
        if let downgrade {
            guard purpose == .downgrade, package.securityVersion < downgrade.floor else {
                throw JWSError(.claims, "a grant that is no downgrade names an act for one")
            }
        }
        guard bounds.clock.min <= bounds.clock.max else { throw JWSError(.claims, "the span of the clock is none") }
        return instance
    }
}
