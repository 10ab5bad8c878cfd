import AttestationResults
import Crypto
import Messages
import Testing

@testable import UpdateTrust

/// Whoever wants to forge a status list writes header and claims freely, and signs with what key they have.
private struct ListForger {
    let key = P256.Signing.PrivateKey()
    let claims: String
    let kid: String

    static let uri = "https://verifier.example" + StatusListClaims.path

    init() throws {
        let made = StatusListClaims(
            subject: Self.uri,
            issuedAt: Sample.now,
            expires: Sample.now + StatusListClaims.lifetime,
            timeToLive: StatusListClaims.refreshTime,
            bits: 2,
            compressed: [0x78, 0xDA, 0x3B, 0xE9, 0xF2, 0x13, 0x00, 0x03, 0xDF, 0x02, 0x07]
        )
        claims = String(decoding: try CanonicalJSON.encode(made), as: UTF8.self)
        kid = try #require(JSONWebKey(StatementKey(key.publicKey))).thumbprint
    }

    var keys: [StatementKey] { [StatementKey(key.publicKey)] }
    var header: String { #"{"alg":"ES256","kid":"\#(kid)","typ":"statuslist+jwt"}"# }

    func compact(header: String? = nil, claims: String? = nil) throws -> String {
        try CompactJWS.sign(
            header: Array((header ?? self.header).utf8),
            payload: Array((claims ?? self.claims).utf8),
            with: .p256(key)
        )
    }

    func token() throws -> StatusListToken { try StatusListToken.verify(try compact(), keys: keys) }

    func expect(
        _ code: JWSError.Code,
        _ compact: String,
        keys: [StatementKey]? = nil,
        at location: SourceLocation = #_sourceLocation
    ) {
        let error = #expect(throws: JWSError.self, sourceLocation: location) {
            try StatusListToken.verify(compact, keys: keys ?? self.keys)
        }
        #expect(error?.code == code, "\(error?.detail ?? "")", sourceLocation: location)
    }
}

@Suite struct StatusListTokenTests {
    private let forger: ListForger

    init() throws { forger = try ListForger() }

    @Test func claimsAreWrittenAsTheDraftShowsThem() {
        let expected =
            #"{"exp":1790000300,"iat":1790000000,"status_list":{"bits":2,"lst":"eNo76fITAAPfAgc"},"#
            + #""sub":"https://verifier.example/v1/status-lists/1","ttl":60}"#
        #expect(forger.claims == expected)
    }

    @Test func signedListVerifiesUntilItExpires() throws {
        let signer = try ResultSigner(key: forger.key)
        let signed = try signer.sign(try StatusListClaims(parsing: Array(forger.claims.utf8)))
        let token = try StatusListToken.verify(signed.compact, keys: [signer.publicKey])
        #expect(token == signed)
        #expect(try forger.token().claims == token.claims)
        let (issued, expires) = (token.claims.issuedAt, token.claims.expires)
        #expect(token.isCurrent(at: issued) && token.isCurrent(at: expires - 1))
        #expect(!token.isCurrent(at: expires))
        #expect(!token.isCurrent(at: issued - AttestationResult.clockTolerance - 1))
        #expect(!token.isCurrent(at: .max) && !token.isCurrent(at: .min))
    }

    @Test(arguments: ["none", "HS256", "ES384", "RS256", "EdDSA", "es256", ""])
    func algorithmIsNeverTheTokensChoice(algorithm: String) throws {
        forger.expect(.algorithm, try forger.compact(header: forger.header.replacing("ES256", with: algorithm)))
    }

    /// One key signs lists and results: neither may be taken for the other.
    @Test(arguments: [
        #""typ":"JWT""#, #""typ":"statuslist+cwt""#, #""typ":"application/statuslist+jwt""#, #""typ":"StatusList+JWT""#,
        #""typ":7"#, #""alg":"ES256""#,
    ])
    func typeIsTheLists(type: String) throws {
        var header = forger.header.replacing(#""typ":"statuslist+jwt""#, with: type)
        if !type.contains("typ") { header = #"{"alg":"ES256"}"# }
        forger.expect(.header, try forger.compact(header: header))
    }

    @Test func listIsNoResultAndResultNoList() throws {
        let error = #expect(throws: JWSError.self) {
            try AttestationResult.verify(try forger.compact(), keys: forger.keys)
        }
        #expect(error?.code == .header)
        var world = try World()
        let input = try world.input(.attest)
        guard case .accepted(let acceptance) = decide(input).outcome else { throw NotGranted(codes: []) }
        let claims = try #require(input.resultClaims(for: acceptance))
        forger.expect(.header, try ResultSigner(key: forger.key).sign(claims).compact)
    }

    @Test func onlyPinnedKeysCount() throws {
        let compact = try forger.compact()
        let other = P256.Signing.PrivateKey()
        forger.expect(.unknownKey, compact, keys: [])
        forger.expect(.unknownKey, compact, keys: [StatementKey(other.publicKey)])
        // A key that lies about whose it is, and none at all.
        let stranger = try ListForger()
        let header = forger.header
        forger.expect(.signature, try stranger.compact(header: header))
        forger.expect(.signature, try stranger.compact(header: #"{"alg":"ES256","typ":"statuslist+jwt"}"#))
        _ = try StatusListToken.verify(
            try forger.compact(header: #"{"alg":"ES256","typ":"statuslist+jwt"}"#),
            keys: [StatementKey(other.publicKey)] + forger.keys
        )
    }

    @Test(arguments: [
        #""jwk":{"kty":"EC"},"#, #""jku":"https://evil.example/keys","#, #""crit":["exp"],"#, #""zip":"DEF","#,
    ])
    func headerBringsNothingOfItsOwn(member: String) throws {
        forger.expect(.header, try forger.compact(header: forger.header.replacing("{", with: "{" + member)))
    }

    @Test(arguments: [
        (#""exp":"#, #""x":"#), (#""iat":"#, #""x":"#), (#""sub":"#, #""x":"#), (#""status_list":"#, #""x":"#),
        (#""lst":"#, #""x":"#), (#""bits":"#, #""x":"#), (#""bits":2"#, #""bits":3"#), (#""bits":2"#, #""bits":0"#),
        (#""bits":2"#, #""bits":-2"#), (#""bits":2"#, #""bits":16"#), (#""bits":2"#, #""bits":"2""#),
        (#""bits":2"#, #""bits":2.0"#), ("eNo76fITAAPfAgc", "eNo76fITAAPfAgc="), ("eNo76fITAAPfAgc", "eNo76fITAAPfAgd"),
        ("eNo76fITAAPfAgc", "eNo76f+TAAPfAgc"), (#""exp":1790000300"#, #""exp":1790000000"#),
        (#""ttl":60"#, #""ttl":0"#),
        (#""ttl":60"#, #""ttl":-1"#), (#""ttl":60"#, #""ttl":"60""#), (#""iat":1"#, #""iat":1,"iat":1"#),
        (#""sub":"https://verifier.example/v1/status-lists/1""#, #""sub":"""#),
    ])
    func claimsAreHeldToTheirTypes(change: (String, String)) throws {
        #expect(forger.claims.contains(change.0), "the claims do not hold \(change.0)")
        forger.expect(.claims, try forger.compact(claims: forger.claims.replacing(change.0, with: change.1)))
    }

    @Test func changedListsAreNotBelieved() throws {
        let compact = try forger.compact()
        for index in stride(from: 0, to: compact.utf8.count, by: 5) {
            var bytes = Array(compact.utf8)
            bytes[index] = bytes[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(throws: JWSError.self, "character \(index)") {
                try StatusListToken.verify(String(decoding: bytes, as: UTF8.self), keys: forger.keys)
            }
        }
        for tail in [".", "=", "\n", ".e30"] { forger.expect(.malformed, compact + tail) }
        // A signature of 65 bytes, or none that can be read: it depends on the last bits of the genuine one.
        #expect(throws: JWSError.self) { try StatusListToken.verify(compact + "A", keys: forger.keys) }
    }

    @Test func sizesAreBounded() {
        forger.expect(.malformed, String(repeating: "a", count: StatusListToken.maximumSize + 1))
        #expect(throws: MessageError.self) {
            try StatusListClaims(parsing: [UInt8](repeating: 0x20, count: StatusListClaims.maximumSize + 1))
        }
        #expect(throws: MessageError.self) {
            try StatusList(bits: 2, bytes: [UInt8](repeating: 0, count: StatusList.maximumSize + 1))
        }
    }
}

@Suite struct StatusListTests {
    @Test func firstStatusIsInTheLeastSignificantBits() throws {
        var list = StatusList()
        try list.set(.suspended, at: 0)
        #expect(list.bytes == [0b0101_0110])
        try list.set(.valid, at: 3)
        #expect(list.bytes == [0b0001_0110])
        try list.set(.suspended, at: 4)
        #expect(list.bytes == [0b0001_0110, 0b0101_0110])
        try list.set(.valid, at: 0)
        #expect(list.bytes == [0b0001_0100, 0b0101_0110])
    }

    @Test(arguments: [1, 2, 4, 8])
    func everyWidthIsReadAsItIsWritten(bits: Int) throws {
        var list = try StatusList(bits: bits, bytes: [])
        let most = UInt8(truncatingIfNeeded: (1 << bits) - 1)
        let statuses = (0..<37).map { UInt8(truncatingIfNeeded: $0 &* 7) & most }
        for (index, status) in statuses.enumerated() { try list.set(StatusType(rawValue: status), at: index) }
        #expect(statuses.indices.map { list[$0]?.rawValue } == statuses)
        #expect(list.count.isMultiple(of: 8 / bits) && list.count >= 37 && list.count < 37 + 8 / bits)
        for index in 37..<list.count { #expect(list[index] == .invalid) }
        #expect(list[-1] == nil && list[list.count] == nil && list[.max] == nil && list[.min] == nil)
    }

    @Test func whatNobodyHasIsInvalid() throws {
        var list = StatusList()
        list.lengthen(to: 5)
        #expect(list.count == 8)
        #expect((0..<8).allSatisfy { list[$0] == .invalid })
        list.lengthen(to: 2)
        #expect(list.count == 8)
    }

    @Test func whatDoesNotFitIsRefused() throws {
        var list = StatusList()
        #expect(throws: MessageError.self) { try list.set(StatusType(rawValue: 4), at: 0) }
        for index in [-1, StatusList.maximumSize * 4, .max, .min] {
            #expect(throws: MessageError.self) { try list.set(.valid, at: index) }
        }
        #expect(list.bytes.isEmpty)
        for bits in [0, 3, 16, -1, .max] {
            #expect(throws: MessageError.self) { try StatusList(bits: bits, bytes: [0]) }
        }
    }
}

/// How an instance is said to stand, through its whole life.
@Suite struct InstanceStandingTests {
    private func status(_ world: World, at now: Int64? = nil) -> StatusType {
        InstanceStanding(of: world.state).status(at: now ?? world.now)
    }

    @Test func validIsWhoHasALeaseThatHolds() throws {
        var world = try World()
        #expect(status(world) == .invalid)
        _ = try world.ask(.attest)
        let lease = try #require(world.state.lease)
        #expect(status(world) == .valid)
        #expect(status(world, at: lease.expires - 1) == .valid)
        #expect(status(world, at: lease.expires) == .invalid)
        // A lease that was given while the clock was ahead holds as little.
        #expect(status(world, at: lease.renewedAt - Lease.clockTolerance - 1) == .invalid)
    }

    @Test(arguments: Lifecycle.allCases)
    func everyLifecycleHasOneStatus(lifecycle: Lifecycle) {
        let now = Sample.now
        let held = InstanceStanding(lifecycle: lifecycle, renewedAt: now - 1, expires: now + 1).status(at: now)
        let none = InstanceStanding(lifecycle: lifecycle, renewedAt: nil, expires: nil).status(at: now)
        switch lifecycle {
        case .born, .rescue, .drifted, .retired: #expect(held == .invalid && none == .invalid)
        case .trusted: #expect(held == .valid && none == .invalid)
        case .suspended, .reimaged: #expect(held == .suspended && none == .suspended)
        }
    }
}

/// What a relying party concludes.
@Suite struct RelianceTests {
    private let forger: ListForger
    private let result: AttestationResult

    init() throws {
        forger = try ListForger()
        result = try Self.result(forger, at: 2)
    }

    private static func result(
        _ forger: ListForger,
        at index: Int?,
        uri: String = ListForger.uri,
        change: (inout EARClaims) throws -> Void = { _ in }
    ) throws -> AttestationResult {
        var world = try World(tier: .tpm)
        let input = try world.input(.attest)
        guard case .accepted(let acceptance) = decide(input).outcome else { throw NotGranted(codes: []) }
        var claims = try #require(input.resultClaims(for: acceptance))
        claims.statusList = index.map { StatusListReference(index: $0, uri: uri) }
        try change(&claims)
        let signed = try ResultSigner(key: forger.key).sign(claims)
        return try AttestationResult.verify(signed.compact, keys: forger.keys)
    }

    /// The list of the draft's example: 1, 2, 0, 3, 0, 1 and so on.
    private let statuses: StatusList = {
        var list = StatusList()
        for (index, status) in [1, 2, 0, 3, 0, 1].enumerated() {
            try? list.set(StatusType(rawValue: UInt8(status)), at: index)
        }
        return list
    }()

    private func reasons(_ result: AttestationResult, at now: Int64 = Sample.now) throws -> [Reliance.Reason] {
        Reliance(on: result, try forger.token(), statuses, at: now).reasons
    }

    @Test func referenceIsSignedWithTheResult() throws {
        #expect(result.claims.statusList == StatusListReference(index: 2, uri: ListForger.uri))
        let text = String(decoding: try CanonicalJSON.encode(result.claims), as: UTF8.self)
        #expect(text.contains(#""status":{"status_list":{"idx":2,"uri":"\#(ListForger.uri)"}}"#))
    }

    @Test(arguments: [
        #"{"status_list":{"idx":-1,"uri":"https://a"}}"#, #"{"status_list":{"idx":1.5,"uri":"https://a"}}"#,
        #"{"status_list":{"idx":"1","uri":"https://a"}}"#, #"{"status_list":{"idx":1}}"#,
        #"{"status_list":{"uri":"https://a"}}"#, #"{"status_list":{"idx":1,"uri":""}}"#, #"{"status_list":[]}"#, "[]",
        #"{"status_list":{"idx":18446744073709551615,"uri":"https://a"}}"#, #""valid""#,
    ])
    func referenceIsHeldToItsTypes(status: String) throws {
        let claims = String(decoding: try CanonicalJSON.encode(result.claims), as: UTF8.self)
        let own = #"{"status_list":{"idx":2,"uri":"\#(ListForger.uri)"}}"#
        #expect(claims.contains(own))
        #expect(throws: MessageError.self) {
            try EARClaims(parsing: Array(claims.replacing(own, with: status).utf8))
        }
        let other = try EARClaims(parsing: Array(claims.replacing(own, with: #"{"other":{}}"#).utf8))
        #expect(other.statusList == nil)
    }

    @Test func onlyAValidStatusSpeaksForAnInstance() throws {
        #expect(try reasons(result) == [])
        let expected: [Int: Reliance.Reason] = [
            0: .invalid, 1: .suspended, 3: .unknownStatus, 5: .invalid, 7: .invalid, 8: .beyondList, .max: .beyondList,
        ]
        for (index, reason) in expected {
            #expect(try reasons(try Self.result(forger, at: index)) == [reason], "place \(index)")
        }
        #expect(try reasons(try Self.result(forger, at: nil)) == [.noStatus])
    }

    @Test(arguments: [
        "https://verifier.example/v1/status-lists/2", "https://evil.example/v1/status-lists/1",
        "https://verifier.example/v1/status-lists/1/", "HTTPS://verifier.example/v1/status-lists/1",
    ])
    func anotherListSaysNothing(uri: String) throws {
        let reliance = Reliance(
            on: try Self.result(forger, at: 2, uri: uri),
            try forger.token(),
            statuses,
            at: Sample.now
        )
        #expect(reliance.reasons == [.otherList])
        #expect(reliance.status == nil)
    }

    @Test func resultAndListExpireEachForItself() throws {
        let expires = try forger.token().claims.expires
        #expect(try reasons(result, at: expires - 1) == [])
        #expect(try reasons(result, at: expires) == [.listNotCurrent])
        let short = try Self.result(forger, at: 2) { $0.expires = Sample.now + 1 }
        #expect(try reasons(short, at: Sample.now + 1) == [.notCurrent])
        #expect(try reasons(short, at: expires) == [.notCurrent, .listNotCurrent])
        let bad = try Self.result(forger, at: 1) { claims in
            claims.appraisals = claims.appraisals.mapValues { _ in
                EARAppraisal(status: .contraindicated, vector: nil, policies: [])
            }
        }
        #expect(try reasons(bad) == [.contraindicated, .suspended])
    }
}
