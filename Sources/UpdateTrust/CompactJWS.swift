import FoundationEssentials
import Messages

/// A JWS in compact form (RFC 7515 section 7.1), taken apart and not yet believed.
struct CompactJWS {
    private let header: [UInt8]
    private let payload: [UInt8]
    private let signature: [UInt8]
    private let signingInput: [UInt8]

    /// The one header of a grant; whatever else stands in one is not canonical and refused.
    struct Header: Codable {
        var alg: String
        var kid: String
        var typ: String
    }

    static let algorithm = "ES256"
    /// ES256: r and s of 32 bytes each (RFC 7518 section 3.4).
    private static let signatureSize = 64

    init(parsing compact: String) throws(GrantError) {
        guard compact.utf8.count <= Grant.maximumSize else {
            throw GrantError(.malformed, "\(compact.utf8.count) characters, a grant has at most \(Grant.maximumSize)")
        }
        let parts = compact.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Base64URL.decode(parts[0]), let payload = Base64URL.decode(parts[1]),
            let signature = Base64URL.decode(parts[2])
        else { throw GrantError(.malformed, "not three parts of base64url between two dots") }
        self.header = header
        self.payload = payload
        self.signature = signature
        signingInput = Array("\(parts[0]).\(parts[1])".utf8)
    }

    func verifiedClaims(keys: [StatementKey]) throws(GrantError) -> GrantClaims {
        let header = try parsedHeader()
        guard let key = keys.first(where: { JSONWebKey($0)?.thumbprint == header.kid }) else {
            throw GrantError(
                .unknownKey,
                "the grant is signed with a key that is not among the \(keys.count) known ones"
            )
        }
        guard signature.count == Self.signatureSize, key.isValid(signature: signature, over: signingInput) else {
            throw GrantError(.signature, "the grant's signature does not verify")
        }
        do {
            return try CanonicalJSON.decode(GrantClaims.self, from: payload, limit: Grant.maximumSize)
        } catch {
            throw GrantError(.claims, error.detail)
        }
    }

    private func parsedHeader() throws(GrantError) -> Header {
        let parsed: Header
        do {
            // Members that a grant's header does not have (jwk, jku, x5c, crit) make it another text than its canonical one.
            parsed = try CanonicalJSON.decode(Header.self, from: header, limit: Grant.maximumSize)
        } catch {
            throw GrantError(.header, error.detail)
        }
        guard parsed.alg == Self.algorithm else {
            throw GrantError(.algorithm, "the algorithm is not \(Self.algorithm)")
        }
        guard parsed.typ == Grant.type else { throw GrantError(.header, "\"typ\" is not \(Grant.type)") }
        return parsed
    }

    /// The text that is signed, for claims under a key.
    static func signingInput(for claims: GrantClaims, kid: String) throws(MessageError) -> String {
        let header = try CanonicalJSON.encode(Header(alg: algorithm, kid: kid, typ: Grant.type))
        return Base64URL.encode(header) + "." + Base64URL.encode(try CanonicalJSON.encode(claims))
    }
}

extension GrantClaims {
    /// Holds the claims to one another, and gives the instance that `sub` names.
    func checkedInstance(issuer: Label) throws(GrantError) -> InstanceID {
        guard iss == issuer else { throw GrantError(.issuer, "the grant was given by \(iss), not by \(issuer)") }
        guard aud == Self.audience, eat_profile == Self.profile else {
            throw GrantError(.claims, "the token is for another audience or of another profile")
        }
        guard sub.hasPrefix(Self.subjectPrefix), let instance = InstanceID(sub.dropFirst(Self.subjectPrefix.count))
        else {
            throw GrantError(.claims, "\"sub\" names no instance")
        }
        guard Base64URL.decode(jti)?.count == Self.identifierSize,
            Base64URL.decode(cnf.jkt)?.count == ContentDigest.size
        else {
            throw GrantError(.claims, "\"jti\" or \"jkt\" has not its size")
        }
        guard iat <= nbf, nbf < exp else { throw GrantError(.claims, "the times of the grant are not in order") }
        guard exp <= lease.exp else { throw GrantError(.claims, "the grant would outlive its lease") }
        guard bounds.clock.min <= bounds.clock.max else { throw GrantError(.claims, "the span of the clock is none") }
        return instance
    }
}
