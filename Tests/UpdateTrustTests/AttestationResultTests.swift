@_spi(Appraiser) import AttestationResults
import Crypto
import FoundationEssentials
import Messages
import Testing

@testable import UpdateTrust

/// Whoever wants to forge a result writes header and claims freely, and signs with what key they have.
struct ResultForger {
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
