import AttestationResults
import Crypto
import Messages
import Testing

@testable import UpdateTrust

/// Whoever wants to forge a status list writes header and claims freely, and signs with what key they have.
struct ListForger {
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
