import Crypto
import Messages
import Testing

/// What a device without a TPM keeps of itself, and what a station gives it: read strictly, and never told.
@Suite struct SoftwareIdentityTests {
    private let first = P256.Signing.PrivateKey()
    private let next = P256.Signing.PrivateKey()

    private func label(_ text: String) throws -> Label { try #require(Label(text)) }

    private func identity(_ sources: [String] = ["mmc-cid"]) throws -> SoftwareIdentity {
        let sources = try sources.map { ClaimSource(name: try label($0), path: "/sys/\($0)") }
        return SoftwareIdentity(first: first, next: next, sources: sources)
    }

    private func bornWith() throws -> BornWith {
        BornWith(name: try label("os"), version: try label("1.0"), securityVersion: 3)
    }

    /// The file with a text of it replaced.
    private func changed(_ identity: SoftwareIdentity, _ old: String, _ new: String) throws -> [UInt8] {
        let text = String(decoding: try CanonicalJSON.encode(identity), as: UTF8.self)
        try #require(text.contains(old))
        return Array(text.replacing(old, with: new).utf8)
    }

    @Test func itsKeysMoveOnAndItsNameStays() throws {
        var identity = try identity()
        #expect(identity.isAtFirstKey && identity.instance == InstanceID(firstKey: SoftwareKey(of: first)))
        let following = P256.Signing.PrivateKey()
        identity.setBirth(try label("S-1"), with: try bornWith())
        identity.moveOn(to: following)
        let keys = try identity.keys
        #expect(SoftwareKey(of: keys.key) == SoftwareKey(of: next))
        #expect(SoftwareKey(of: keys.next) == SoftwareKey(of: following))
        #expect(!identity.isAtFirstKey && identity.instance == InstanceID(firstKey: SoftwareKey(of: first)))
        #expect(try SoftwareIdentity(parsing: CanonicalJSON.encode(identity)) == identity)
    }

    @Test func whatContradictsItselfIsRefused() throws {
        let identity = try identity()
        let key = Blob(next.rawRepresentation).base64
        let own = Blob(first.rawRepresentation).base64
        let nothing = Blob([UInt8](repeating: 0, count: 32)).base64
        for (old, new) in [
            (#""formatVersion":1"#, #""formatVersion":2"#), (key, own), (key, nothing), (key, "AAAA"),
            (#""formatVersion":1"#, #""bornWith":{"name":"os","securityVersion":3,"version":"1.0"},"formatVersion":1"#),
            (#"{"name":"mmc-cid""#, #"{"name":"a b""#), ("{\"formatVersion", " {\"formatVersion"),
        ] {
            let bytes = try changed(identity, old, new)
            let error = #expect(throws: MessageError.self, "\(new)") { try SoftwareIdentity(parsing: bytes) }
            #expect(error.map { !$0.detail.contains(own) && !$0.detail.contains(key) } == true)
        }
        let twice = try CanonicalJSON.encode(try self.identity(["mac", "mac"]))
        #expect(throws: MessageError.self) { try SoftwareIdentity(parsing: twice) }
        let many = try CanonicalJSON.encode(try self.identity((0...HardwareClaims.maximumCount).map { "c\($0)" }))
        #expect(throws: MessageError.self) { try SoftwareIdentity(parsing: many) }
    }

    @Test func theyAreDescribedWithoutTheirKeys() throws {
        let identity = try identity()
        let claims = try #require(HardwareClaims([:]))
        let injected = InjectedIdentity(serial: try label("S-1"), key: first, claims: claims, bornWith: try bornWith())
        #expect("\(identity)" == "the software identity of \(identity.instance)")
        #expect("\(injected)" == "the first key of S-1")
        #expect(try SoftwareKey(of: injected.firstKey) == SoftwareKey(of: first))
        #expect(try InjectedIdentity(parsing: CanonicalJSON.encode(injected)) == injected)
    }

    @Test func anInjectedIdentityIsReadStrictly() throws {
        let claims = try #require(HardwareClaims([:]))
        let injected = InjectedIdentity(serial: try label("S-1"), key: first, claims: claims, bornWith: try bornWith())
        let text = String(decoding: try CanonicalJSON.encode(injected), as: UTF8.self)
        let key = Blob(first.rawRepresentation).base64
        for (old, new) in [
            (#""formatVersion":1"#, #""formatVersion":2"#), (key, "AAAA"), (#""serial":"S-1""#, #""serial":"S 1""#),
            (#""claims":{}"#, #""claims":{"a":"b c"}"#), (#""claims":{},"#, ""),
        ] {
            try #require(text.contains(old))
            let bytes = Array(text.replacing(old, with: new).utf8)
            #expect(throws: MessageError.self, "\(new)") { try InjectedIdentity(parsing: bytes) }
        }
    }
}
