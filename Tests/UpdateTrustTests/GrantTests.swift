import Crypto
import Messages
import Testing

@testable import UpdateTrust

/// Whoever wants to forge a grant writes header and claims freely, and signs with what key they have.
struct Forger {
    let key: P256.Signing.PrivateKey
    let kid: String
    let claims: String
    let issuer = Sample.verifier

    init() throws {
        var world = try World()
        key = world.grantKey
        kid = try GrantSigner(key: key).kid
        let delivered = try world.granted(try Sample.release("1.1.0", securityVersion: 4))
        claims = String(decoding: try CanonicalJSON.encode(delivered.claims), as: UTF8.self)
    }

    var header: String { #"{"alg":"ES256","kid":"\#(kid)","typ":"birthmark-grant+jwt"}"# }

    func compact(header: String? = nil, claims: String? = nil) throws -> String {
        let input =
            Base64URL.encode((header ?? self.header).utf8) + "." + Base64URL.encode((claims ?? self.claims).utf8)
        let signature = try key.signature(for: Array(input.utf8)).rawRepresentation
        return input + "." + Base64URL.encode(signature)
    }

    func replacing(_ old: String, _ new: String) throws -> String {
        #expect(claims.contains(old), "the claims do not hold \(old)")
        return try compact(claims: claims.replacing(old, with: new))
    }

    func verify(_ compact: String, keys: [StatementKey]? = nil) throws(JWSError) -> Grant {
        try Grant.verify(compact, issuer: issuer, keys: keys ?? [StatementKey(key.publicKey)])
    }

    func expect(
        _ code: JWSError.Code,
        _ compact: String,
        keys: [StatementKey]? = nil,
        at location: SourceLocation = #_sourceLocation
    ) {
        do {
            _ = try verify(compact, keys: keys)
            Issue.record("accepted", sourceLocation: location)
        } catch {
            #expect(error.code == code, sourceLocation: location)
        }
    }
}

@Suite struct GrantTests {
    let forger: Forger

    init() throws { forger = try Forger() }

    @Test func signedGrantsVerify() throws {
        let grant = try forger.verify(try forger.compact())
        #expect(GrantClaims.subjectPrefix + grant.instance.text == grant.claims.sub)
        #expect(grant.digest == ContentDigest(of: Array(grant.compact.utf8)))
        #expect(try CanonicalJSON.encode(grant.claims) == Array(forger.claims.utf8))
    }

    @Test(arguments: ["none", "None", "HS256", "ES384", "RS256", "EdDSA", "es256", ""])
    func algorithmIsNeverTheTokensChoice(algorithm: String) throws {
        let header = forger.header.replacing("ES256", with: algorithm)
        forger.expect(.algorithm, try forger.compact(header: header))
        let input = Base64URL.encode(header.utf8) + "." + Base64URL.encode(forger.claims.utf8)
        forger.expect(.algorithm, input + ".")
        // HS256 with the public key's bytes as the secret: the classic.
        let secret = SymmetricKey(data: forger.key.publicKey.x963Representation)
        let mac = HMAC<SHA256>.authenticationCode(for: Array(input.utf8), using: secret)
        forger.expect(.algorithm, input + "." + Base64URL.encode(mac))
    }

    @Test func unsignedAndForeignSignatures() throws {
        let compact = try forger.compact()
        let input = compact.split(separator: ".").prefix(2).joined(separator: ".")
        forger.expect(.signature, input + ".")
        forger.expect(.signature, input + "." + Base64URL.encode([UInt8](repeating: 0, count: 64)))
        let foreign = try P256.Signing.PrivateKey().signature(for: Array(input.utf8))
        forger.expect(.signature, input + "." + Base64URL.encode(foreign.rawRepresentation))
        let own = try forger.key.signature(for: Array(input.utf8))
        forger.expect(.signature, input + "." + Base64URL.encode(own.derRepresentation))
        forger.expect(.signature, input + "." + Base64URL.encode(Array(own.rawRepresentation) + [0]))
        forger.expect(.signature, input + "." + Base64URL.encode(own.rawRepresentation.dropLast()))
    }

    @Test func attack69_unknownAndConfusedKeys() throws {
        let compact = try forger.compact()
        let other = P256.Signing.PrivateKey()
        forger.expect(.unknownKey, compact, keys: [StatementKey(other.publicKey)])
        forger.expect(.unknownKey, compact, keys: [])
        // A known key id beside another key's signature.
        let confused = forger.header.replacing(forger.kid, with: try GrantSigner(key: other).kid)
        let keys = [StatementKey(forger.key.publicKey), StatementKey(other.publicKey)]
        forger.expect(.signature, try forger.compact(header: confused), keys: keys)
        for kid in ["", "../../dev/null", "x' OR 1=1 --", forger.kid + "=", StatementKey(forger.key.publicKey).id] {
            forger.expect(.unknownKey, try forger.compact(header: forger.header.replacing(forger.kid, with: kid)))
        }
        // An Ed25519 key is never a grant key, whatever its id.
        let edwards = StatementKey(Curve25519.Signing.PrivateKey().publicKey)
        #expect(JSONWebKey(edwards) == nil)
    }

    @Test(arguments: [
        #""jwk":{"kty":"EC"},"#, #""jku":"https://evil.example/keys","#, #""x5c":["MIIB"],"#,
        #""x5u":"https://evil.example","#,
        #""crit":["exp"],"#, #""b64":false,"#, #""cty":"JWT","#, #""zip":"DEF","#, #""alg":"ES256","#,
    ])
    func headerHasThreeMembersAndNoOther(member: String) throws {
        let header = forger.header.replacing("{", with: "{" + member)
        forger.expect(.header, try forger.compact(header: header))
        // Also where it would stand in sorted order.
        let parts = ["alg", "kid", "typ"]
        let key = String(member.dropFirst().prefix { $0 != "\"" })
        if let next = parts.first(where: { $0 > key }) {
            let sorted = forger.header.replacing("\"\(next)\"", with: member + "\"\(next)\"")
            forger.expect(.header, try forger.compact(header: sorted))
        }
    }

    @Test func headerHasOneForm() throws {
        for header in [
            forger.header.replacing(":", with: ": "), forger.header + " ", " " + forger.header, forger.header + "{}",
            #"{"typ":"birthmark-grant+jwt","kid":"\#(forger.kid)","alg":"ES256"}"#,
            forger.header.replacing("birthmark-grant+jwt", with: "JWT"),
            forger.header.replacing("ES256", with: "\\u0045S256"),
            #"{"alg":"ES256","kid":"\#(forger.kid)"}"#, "{}", "[]", "", "null", #"{"alg":"ES256","kid":1,"typ":"x"}"#,
        ] {
            forger.expect(.header, try forger.compact(header: header))
        }
    }

    @Test func compactFormHasOneSpelling() throws {
        let compact = try forger.compact()
        for text in [
            compact + ".", "." + compact, compact + "\n", " " + compact, compact + "=",
            compact.replacing(".", with: ". "),
            compact + "." + compact, "", ".", "a.b.c", compact.replacing(".", with: "\u{2024}"),
            String(repeating: "A", count: Grant.maximumSize + 1), compact + "\0", compact.lowercased() + "!",
        ] {
            forger.expect(.malformed, text)
        }
        // A last character whose unused bits are set stands for the same bytes, and is refused.
        let last = try #require(compact.last)
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        let position = try #require(alphabet.firstIndex(of: last))
        forger.expect(.malformed, compact.dropLast() + String(alphabet[position ^ 1]))
    }

    @Test func everyChangedCharacterRefuses() throws {
        let compact = Array(try forger.compact().utf8)
        for index in stride(from: 0, to: compact.count, by: 7) {
            var changed = compact
            changed[index] = changed[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(throws: JWSError.self) { try forger.verify(String(decoding: changed, as: UTF8.self)) }
        }
    }

    @Test func claimsHaveOneForm() throws {
        let claims = forger.claims
        let exp = try forger.verify(try forger.compact()).claims.exp
        for text in [
            claims + "\n", " " + claims, claims.replacing(",", with: ", "), claims.replacing("},", with: ",},"),
            claims.replacing(#""exp":\#(exp)"#, with: #""exp":\#(exp).0"#),
            claims.replacing(#""exp":\#(exp)"#, with: #""exp":\#(exp).5"#),
            claims.replacing(#""exp":\#(exp)"#, with: #""exp":1.79e9"#),
            claims.replacing(#""exp":\#(exp)"#, with: #""exp":"\#(exp)""#),
            claims.replacing(#""exp":\#(exp)"#, with: #""exp":0\#(exp)"#),
            claims.replacing(#""iat""#, with: #""extra":1,"iat""#),
            claims.replacing(#""iat""#, with: #""iat":1,"iat""#),
            claims.replacing(#""aud":"urn:birthmark:gate""#, with: #""aud":["urn:birthmark:gate"]"#),
            claims.replacing(#""bounds""#, with: #""bound""#), "{}", "", "null", String(repeating: "[", count: 5000),
        ] {
            #expect(text != claims)
            forger.expect(.claims, try forger.compact(claims: text))
        }
    }

    @Test func claimsMayNotContradictOneAnother() throws {
        let grant = try forger.verify(try forger.compact())
        let claims = grant.claims
        forger.expect(.issuer, try forger.replacing(#""iss":"verifier.example""#, #""iss":"other.example""#))
        forger.expect(.claims, try forger.replacing("urn:birthmark:gate", "urn:birthmark:other"))
        forger.expect(.claims, try forger.replacing("grant:1", "grant:2"))
        forger.expect(.claims, try forger.replacing("urn:birthmark:instance:", "urn:birthmark:thing:"))
        forger.expect(.claims, try forger.replacing(grant.instance.text, grant.instance.text.uppercased() + "00"))
        forger.expect(.claims, try forger.replacing(#""jti":"\#(claims.jti)""#, #""jti":"AAAA""#))
        forger.expect(.claims, try forger.replacing(claims.cnf.jkt, "AAAA"))
        forger.expect(.claims, try forger.replacing(#""exp":\#(claims.exp),"#, #""exp":\#(claims.lease.exp + 1),"#))
        forger.expect(.claims, try forger.replacing(#""exp":\#(claims.exp),"#, #""exp":\#(claims.iat),"#))
        forger.expect(.claims, try forger.replacing(#""nbf":\#(claims.nbf)"#, #""nbf":\#(claims.iat - 1)"#))
        forger.expect(.claims, try forger.replacing(#""nbf":\#(claims.nbf)"#, #""nbf":\#(claims.exp)"#))
        forger.expect(.claims, try forger.replacing(#""tier":"vtpm""#, #""tier":"root""#))
        forger.expect(.claims, try forger.replacing(#""purpose":"update""#, #""purpose":"anything""#))
        forger.expect(
            .claims,
            try forger.replacing(#""min":\#(claims.bounds.clock.min)"#, #""min":\#(claims.bounds.clock.max + 1)"#)
        )
        forger.expect(.claims, try forger.replacing(#""min":\#(claims.bounds.clock.min)"#, #""min":-1"#))
        // At its lease's last moment, and not a second later.
        let atTheEnd = try forger.replacing(#""exp":\#(claims.exp),"#, #""exp":\#(claims.lease.exp),"#)
        #expect(try forger.verify(atTheEnd).claims.exp == claims.lease.exp)
    }

    @Test func largestNumbersAreReadExactly() throws {
        let claims = try forger.verify(try forger.compact()).claims
        let text = try forger.replacing(#""max":\#(claims.bounds.clock.max)"#, #""max":18446744073709551615"#)
        #expect(try forger.verify(text).claims.bounds.clock.max == UInt64.max)
        forger.expect(
            .claims,
            try forger.replacing(#""max":\#(claims.bounds.clock.max)"#, #""max":18446744073709551616"#)
        )
    }

    @Test func aLongChallengeStillFitsTheGate() throws {
        var world = try World()
        let known = try Sample.known(Sample.release("1.1.0", securityVersion: 4))
        let decision = decide(try world.input(.update, package: known))
        guard case .granting(let terms, _) = decision.outcome else { throw NotGranted(codes: decision.reasonCodes) }
        var claims = terms.claims
        claims.eat_nonce = String(repeating: "n", count: 3000)
        let signer = try GrantSigner(key: world.grantKey)
        let signed = try signer.sign(GrantTerms(claims: claims, boot: terms.boot))
        #expect(try Grant.verify(signed.compact, issuer: Sample.verifier, keys: [signer.publicKey]).claims == claims)
        claims.eat_nonce = String(repeating: "n", count: 8000)
        #expect(throws: MessageError.self) { try signer.sign(GrantTerms(claims: claims, boot: terms.boot)) }
    }
}
