@_spi(Appraiser) import AttestationResults
import Crypto
import FoundationEssentials
import Messages
import Testing

@testable import UpdateTrust

/// Whoever wants to forge a result writes header and claims freely, and signs with what key they have.
private struct ResultForger {
    let key = P256.Signing.PrivateKey()
    let claims: String
    let kid: String

    init() throws {
        var world = try World(tier: .tpm)
        let input = try world.input(.attest)
        guard case .accepted(let acceptance) = decide(input).outcome else { throw NotGranted(codes: []) }
        let made = try #require(input.resultClaims(for: acceptance))
        claims = String(decoding: try CanonicalJSON.encode(made), as: UTF8.self)
        kid = try #require(JSONWebKey(StatementKey(key.publicKey))).thumbprint
    }

    var header: String { #"{"alg":"ES256","kid":"\#(kid)","typ":"JWT"}"# }

    func compact(header: String? = nil, claims: String? = nil) throws -> String {
        try CompactJWS.sign(
            header: Array((header ?? self.header).utf8),
            payload: Array((claims ?? self.claims).utf8),
            with: .p256(key)
        )
    }

    func expect(
        _ code: JWSError.Code,
        _ compact: String,
        keys: [StatementKey]? = nil,
        at location: SourceLocation = #_sourceLocation
    ) {
        let error = #expect(throws: JWSError.self, sourceLocation: location) {
            try AttestationResult.verify(compact, keys: keys ?? [StatementKey(key.publicKey)])
        }
        #expect(error?.code == code, "\(error?.detail ?? "")", sourceLocation: location)
    }
}

@Suite struct AttestationResultTests {
    private let forger: ResultForger

    init() throws { forger = try ResultForger() }

    private func accepted(_ tier: Tier, facts: AttestedFacts? = nil) throws -> EARClaims {
        var world = try World(tier: tier)
        var input = try world.input(.attest)
        guard case .accepted(let attested) = input.verdict else { throw NotGranted(codes: ["refused"]) }
        input.verdict = .accepted(
            AttestedState(
                instance: attested.instance,
                iakName: attested.iakName,
                attest: attested.attest,
                request: attested.request,
                observation: attested.observation,
                pcrs: attested.pcrs,
                boot: attested.boot,
                log: attested.log,
                facts: facts,
                movement: attested.movement
            )
        )
        let decision = decide(input)
        guard case .accepted(let acceptance) = decision.outcome else { throw NotGranted(codes: decision.reasonCodes) }
        let claims = try #require(input.resultClaims(for: acceptance))
        #expect(claims.expires == acceptance.lease.expires)
        #expect(claims.issuedAt == input.now)
        #expect(claims.nonces == [EARClaims.nonce(for: input.request.request.challenge)])
        return claims
    }

    private func vector(_ claims: EARClaims) throws -> TrustworthinessVector {
        try #require(claims.appraisals.first?.value.vector)
    }

    @Test func hardwareIsAffirmedOfAHardwareTPMOnly() throws {
        let on = AttestedFacts(secureBoot: true, firmwareVersion: nil, kernelCommandLine: nil)
        let hardware = try accepted(.tpm, facts: on)
        #expect(try vector(hardware)[.hardware].rawValue == 2)
        #expect(try vector(hardware)[.instanceIdentity].rawValue == 2)
        #expect(try vector(hardware)[.executables].rawValue == 3)
        #expect(try vector(hardware)[.configuration].rawValue == 2)
        #expect(hardware.status == .affirming)
        let virtual = try accepted(.vtpm, facts: on)
        #expect(try vector(virtual)[.hardware].tier == .none)
        #expect(virtual.status == .affirming)
        for category in [TrustworthinessVector.Category.fileSystem, .runtimeOpaque, .storageOpaque, .sourcedData] {
            #expect(try vector(hardware)[category] == .noClaim)
        }
    }

    @Test func bootThatIsNotSecureIsAWarningAndAnUnknownOneNothing() throws {
        let off = AttestedFacts(secureBoot: false, firmwareVersion: nil, kernelCommandLine: nil)
        #expect(try accepted(.tpm, facts: off).status == .warning)
        #expect(try vector(try accepted(.tpm))[.configuration] == .noClaim)
    }

    @Test func compensatedInstanceIsNeverAffirmed() throws {
        var world = try World()
        guard case .accepted(let attested) = try world.input(.attest).verdict else { throw NotGranted(codes: []) }
        let vector = TrustworthinessVector(of: attested, tier: .compensated)
        #expect(vector == TrustworthinessVector())
        #expect(EARAppraisal(of: vector, policies: []).status == .none)
    }

    @Test(arguments: ReasonCode.allCases)
    func refusalIsNeverAffirming(reason: ReasonCode) {
        let vector = TrustworthinessVector(of: [reason])
        #expect(vector.tier == (reason.endsLease ? .contraindicated : .none))
    }

    @Test(arguments: [
        (-128, TrustworthinessTier.contraindicated), (-97, .contraindicated), (-96, .warning), (-33, .warning),
        (-32, .affirming), (-2, .affirming), (-1, .none), (0, .none), (1, .none), (2, .affirming), (31, .affirming),
        (32, .warning), (95, .warning), (96, .contraindicated), (127, .contraindicated),
    ])
    func tiersBeginAndEndWhereTheStandardSays(value: Int, tier: TrustworthinessTier) throws {
        #expect(TrustworthinessClaim(rawValue: try #require(Int8(exactly: value))).tier == tier)
    }

    @Test func signedResultVerifiesUntilItsLeaseEnds() throws {
        let signer = try ResultSigner(key: forger.key)
        let claims = try EARClaims(parsing: Array(forger.claims.utf8))
        let signed = try signer.sign(claims)
        let result = try AttestationResult.verify(signed.compact, keys: [signer.publicKey])
        #expect(result == signed)
        let expires = try #require(claims.expires)
        #expect(result.isCurrent(at: claims.issuedAt) && result.isCurrent(at: expires - 1))
        #expect(!result.isCurrent(at: expires))
        #expect(!result.isCurrent(at: claims.issuedAt - AttestationResult.clockTolerance - 1))
    }

    @Test(arguments: ["none", "HS256", "ES384", "RS256", "EdDSA", "es256", ""])
    func algorithmIsNeverTheTokensChoice(algorithm: String) throws {
        forger.expect(.algorithm, try forger.compact(header: forger.header.replacing("ES256", with: algorithm)))
    }

    @Test func onlyPinnedKeysCount() throws {
        let compact = try forger.compact()
        let other = P256.Signing.PrivateKey()
        forger.expect(.unknownKey, compact, keys: [])
        forger.expect(.unknownKey, compact, keys: [StatementKey(other.publicKey)])
        let both = [StatementKey(forger.key.publicKey), StatementKey(other.publicKey)]
        let otherKid = try #require(JSONWebKey(StatementKey(other.publicKey))).thumbprint
        forger.expect(
            .signature,
            try forger.compact(header: forger.header.replacing(forger.kid, with: otherKid)),
            keys: both
        )
        // Without a kid every pinned key is tried, and no other.
        let anonymous = try forger.compact(header: #"{"alg":"ES256","typ":"JWT"}"#)
        #expect(throws: Never.self) { try AttestationResult.verify(anonymous, keys: both.reversed()) }
        forger.expect(.signature, anonymous, keys: [StatementKey(other.publicKey)])
        forger.expect(.signature, anonymous, keys: [StatementKey(Curve25519.Signing.PrivateKey().publicKey)])
    }

    @Test func grantIsNoResultAndResultNoGrant() throws {
        // Even under one key, which a verifier does not do.
        let typed = try forger.compact(header: forger.header.replacing("\"JWT\"", with: "\"\(Grant.type)\""))
        forger.expect(.header, typed)
        let grants = try Forger()
        #expect(throws: JWSError.self) {
            try AttestationResult.verify(try grants.compact(), keys: [StatementKey(grants.key.publicKey)])
        }
        #expect(throws: JWSError.self) {
            try Grant.verify(
                try forger.compact(),
                issuer: Sample.verifier,
                keys: [StatementKey(forger.key.publicKey)]
            )
        }
    }

    @Test(arguments: [
        #""jwk":{"kty":"EC"},"#, #""jku":"https://evil.example/keys","#, #""x5c":["MIIB"],"#,
        #""x5u":"https://evil.example","#, #""crit":["exp"],"#, #""b64":false,"#, #""zip":"DEF","#, #""alg":"ES256","#,
    ])
    func headerBringsNothingOfItsOwn(member: String) throws {
        forger.expect(.header, try forger.compact(header: forger.header.replacing("{", with: "{" + member)))
    }

    @Test(arguments: [
        (#""iat":"#, #""iat":1.5,"x":"#), (#""iat":"#, #""iat":1,"iat":"#), (#""exp":"#, #""exp":1e10,"x":"#),
        (#""exp":"#, #""exp":1,"x":"#), ("tag:github.com,2023:veraison/ear", "tag:github.com,2022:veraison/ear"),
        (#""ear.status":"affirming""#, #""ear.status":"trusted""#), (#""hardware":2"#, #""hardware":128"#),
        (#""hardware":2"#, #""hardware":"2""#), (#""hardware":2"#, #""hardware":96"#), (#""hardware":2"#, #""luck":2"#),
        (#""developer""#, #""dev""#), (#""ear.verifier-id""#, #""ear_verifier_id""#), (#""submods""#, #""submod""#),
        (#""eat_nonce":"#, #""eat_nonce":[],"x":"#), (#""eat_nonce":"#, #""eat_nonce":7,"x":"#),
    ])
    func claimsAreHeldToTheirTypes(change: (String, String)) throws {
        #expect(forger.claims.contains(change.0), "the claims do not hold \(change.0)")
        forger.expect(.claims, try forger.compact(claims: forger.claims.replacing(change.0, with: change.1)))
    }

    @Test func sizesAreBounded() throws {
        forger.expect(.malformed, String(repeating: "a", count: AttestationResult.maximumSize + 1))
        let padding = #""x":"# + "\"" + String(repeating: "a", count: EARClaims.maximumSize) + "\","
        let large = forger.claims.replacing(#"{"ear"#, with: "{" + padding + #""ear"#)
        forger.expect(.malformed, try forger.compact(claims: large))
        let submods = (0...EARClaims.maximumAppraisals).map { #""\#($0)":{"ear.status":"none"}"# }
        let crowded =
            #"{"ear.verifier-id":{"build":"b","developer":"d"},"eat_profile":"\#(EARProfile.veraison2023.rawValue)","#
            + #""iat":1,"submods":{\#(submods.joined(separator: ","))}}"#
        forger.expect(.claims, try forger.compact(claims: crowded))
    }

    @Test(arguments: EARProfile.allCases)
    func bothSpellingsAreReadAsTheyAreWritten(profile: EARProfile) throws {
        var claims = try EARClaims(parsing: Array(forger.claims.utf8))
        claims.profile = profile
        let written = try CanonicalJSON.encode(claims)
        var expected = claims
        // The draft's spelling has no place for how the instance proved itself.
        if profile == .draft04 {
            for label in claims.appraisals.keys { expected.appraisals[label]?.tier = nil }
        }
        #expect(try EARClaims(parsing: written) == expected)
        let text = String(decoding: written, as: UTF8.self)
        switch profile {
        case .veraison2023: #expect(text.contains(#""ear.appraisal-policy-id":"urn:"#))
        case .draft04: #expect(text.contains(#""ear_appraisal_policy_ids":["urn:"#))
        }
    }
}

// MARK: Other people's results

private let corpus = ProcessInfo.processInfo.environment["BIRTHMARK_CORPUS"]

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
