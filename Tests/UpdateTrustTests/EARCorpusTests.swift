import AttestationResults
import Crypto
import FoundationEssentials
import Messages
import Testing

@testable import UpdateTrust

private let corpus = ProcessInfo.processInfo.environment["BIRTHMARK_CORPUS"]

/// Other people's results.
@Suite(.enabled(if: corpus != nil, "needs BIRTHMARK_CORPUS"))
struct EARCorpusTests {
    private func file(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: "\(corpus ?? "")/\(path)")))
    }

    private func token(_ path: String) throws -> String {
        String(String(decoding: try file(path), as: UTF8.self).filter { !$0.isWhitespace })
    }

    private struct JWK: Decodable {
        var kty: String
        var crv: String
        var x: String
        var y: String
    }

    private func key(_ path: String) throws -> StatementKey {
        let jwk = try JSONDecoder().decode(JWK.self, from: Data(try file(path)))
        #expect(jwk.kty == "EC" && jwk.crv == "P-256")
        let point = [0x04] + (try #require(Base64URL.decode(jwk.x))) + (try #require(Base64URL.decode(jwk.y)))
        return StatementKey(try P256.Signing.PublicKey(x963Representation: point))
    }

    private static let tokens = [
        ("veraison+ear/_derived/ear/pass_0.jwt", "veraison+ear/_derived/ear/pkey.jwk"),
        ("veraison+ear/_derived/ear/testJWT.jwt", "veraison+ear/arc/data/pkey.json"),
        ("veraison+rust-ear/_derived/ear/rust_ear.jwt", "veraison+rust-ear/_derived/ear/rust_ear.jwk"),
    ]

    @Test(arguments: tokens)
    func genuineResultsVerify(token path: String, key: String) throws {
        let result = try AttestationResult.verify(try token(path), keys: [try self.key(key)])
        #expect(result.claims.status == .affirming)
        #expect(result.claims.profile == .veraison2023)
        let again = try EARClaims(parsing: try CanonicalJSON.encode(result.claims))
        #expect(again == result.claims)
    }

    @Test(arguments: tokens)
    func changedResultsDoNot(token path: String, key: String) throws {
        let genuine = try token(path)
        let key = try self.key(key)
        for index in stride(from: 0, to: genuine.utf8.count, by: 7) {
            var bytes = Array(genuine.utf8)
            bytes[index] = bytes[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(throws: JWSError.self, "character \(index)") {
                try AttestationResult.verify(String(decoding: bytes, as: UTF8.self), keys: [key])
            }
        }
    }

    @Test func theirClaimsAreRead() throws {
        let key = try key("veraison+ear/_derived/ear/pkey.jwk")
        let full = try AttestationResult.verify(try token(Self.tokens[1].0), keys: [key]).claims
        let appraisal = try #require(full.appraisals["test"])
        #expect(full.developer == "Acme Inc." && full.build == "rrtrap-v1.0.0")
        #expect(full.issuedAt == 1_666_091_373 && full.expires == nil && full.nonces.isEmpty)
        #expect(appraisal.policies == ["https://veraison.example/policy/1/60a0068d"])
        for category in TrustworthinessVector.Category.allCases {
            #expect(appraisal.vector?[category].rawValue == (category == .executables ? 3 : 2))
        }
        let rust = try AttestationResult.verify(try token(Self.tokens[2].0), keys: [key]).claims
        #expect(rust.nonces == ["3WHyjndGOTI="])
        #expect(rust.appraisals["PARSEC_TPM"]?.vector?[.hardware].rawValue == 2)
        #expect(rust.appraisals["PARSEC_TPM"]?.vector?[.fileSystem] == .noClaim)
    }

    @Test(arguments: [
        ("fail_0", JWSError.Code.algorithm), ("fail_2", .malformed), ("fail_4", .malformed),
    ])
    func whatTheyRefuseIsRefused(name: String, code: JWSError.Code) throws {
        let key = try key("veraison+ear/_derived/ear/pkey.jwk")
        let error = try #require(throws: JWSError.self) {
            try AttestationResult.verify(try token("veraison+ear/_derived/ear/\(name).jwt"), keys: [key])
        }
        #expect(error.code == code)
        // The third one would be a result but for the rubbish behind it, and for a time with a fraction's form.
        guard name == "fail_4" else { return }
        let whole = try token("veraison+ear/_derived/ear/\(name).jwt").split(separator: ".").prefix(3)
        #expect(throws: JWSError.self) {
            try AttestationResult.verify(whole.joined(separator: "."), keys: [key])
        }
    }

    @Test(arguments: ["ear-claims", "ear-claims-extension-ok", "ear-claims-key-attestation-ok"])
    func claimsSetsAreRead(name: String) throws {
        let claims = try EARClaims(parsing: try file("veraison+ear/arc/data/\(name).json"))
        #expect(claims.status == .affirming)
    }

    @Test(arguments: ["main_token_claims", "submods", "valid_results", "audio_ss"])
    func evidenceIsNoResult(name: String) throws {
        let bytes = try file("ietf-rats-wg+eat/cddl/Example-Payloads/\(name).json")
        #expect(throws: MessageError.self) { try EARClaims(parsing: bytes) }
    }

    /// The other direction: our claims have no name and no type that their tokens do not have.
    @Test func oursHaveTheirNamesAndTypes() throws {
        func shape(_ tree: JSONTree, _ path: String = "", into found: inout [String: String]) {
            switch tree {
            case .object(let members):
                for member in members.members {
                    let isLabel = path == "/submods"
                    shape(member.value, path + "/" + (isLabel ? "*" : member.key), into: &found)
                }
            case .string: found[path] = "text"
            case .integer: found[path] = "number"
            default: found[path] = "other"
            }
        }
        var theirs = ["/exp": "number"]  // RFC 7519 section 4.1.4; their libraries hold every token to it.
        for (path, _) in Self.tokens {
            let payload = try #require(Base64URL.decode(try token(path).split(separator: ".")[1]))
            shape(try JSONTree(parsing: payload), into: &theirs)
        }
        var ours: [String: String] = [:]
        shape(try JSONTree(parsing: Array(try ResultForger().claims.utf8)), into: &ours)
        #expect(ours.count >= 13)
        // An extension of theirs (AppraisalExtensions): the members of it are the policy's to name.
        let free = "/submods/*/ear.veraison.policy-claims/"
        for (path, type) in ours where !path.hasPrefix(free) { #expect(theirs[path] == type, "\(path)") }
        #expect(ours.filter { $0.key.hasPrefix(free) }.values.allSatisfy { $0 == "text" })
    }
}
