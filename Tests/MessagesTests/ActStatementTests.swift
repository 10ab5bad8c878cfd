import Crypto
import Testing

@testable import Messages

/// What operators sign beside a request: one spelling, its bounds, and whose it is.
@Suite struct ActStatementTests {
    private let signer = StatementSigner.p256(P256.Signing.PrivateKey())
    private let nonce = [UInt8](repeating: 7, count: ActStatement.nonceSize)

    private func statement(
        _ path: String = "/v1/instances/SN-1/suspend",
        at: Int64 = 1_790_000_000,
        nonce: [UInt8]? = nil
    ) throws -> ActStatement {
        try ActStatement(
            to: try #require(Label("verifier.example")),
            path: path,
            body: Array(#"{"reason":"lost"}"#.utf8),
            certificate: [0x30, 0x00],
            at: at,
            nonce: nonce ?? self.nonce
        )
    }

    @Test func isReadBackFromItsHeader() throws {
        let signed = try SignedStatement(try statement(), by: signer)
        let header = try signed.header
        #expect(header.utf8.count <= SignedStatement.maximumHeader)
        let read = try SignedStatement(header: header)
        #expect(read == signed)
        #expect(try read.digest == signed.digest)
        #expect(read.isSigned(by: signer.key))
        #expect(!read.isSigned(by: StatementSigner.p256(P256.Signing.PrivateKey()).key))
    }

    @Test func theLongestFitsItsBounds() throws {
        let name = String(repeating: "%3A", count: Label.maximumLength)
        let longest = try ActStatement(
            to: try #require(Label(String(repeating: "v", count: Label.maximumLength))),
            path: "/v1/instances/\(name)/allow-downgrade",
            body: [],
            certificate: [],
            at: .min,
            nonce: nonce
        )
        let signed = try SignedStatement(longest, by: signer)
        #expect(signed.envelope.payload.bytes.count <= ActStatement.maximumSize)
        #expect(try SignedStatement(header: try signed.header) == signed)
    }

    @Test func otherHeadersAreNone() throws {
        let signed = try SignedStatement(try statement(), by: signer)
        let header = try signed.header
        for other in [
            "", "e30", header + "A", header + "=", " " + header, String(header.dropLast()), header + "." + header,
            String(repeating: "A", count: SignedStatement.maximumHeader + 4),
        ] {
            #expect(throws: MessageError.self, "\(other.prefix(20))") { try SignedStatement(header: other) }
        }
        var twice = signed.envelope
        twice.signatures += twice.signatures
        #expect(throws: MessageError.self) { try SignedStatement(twice) }
        var unsigned = signed.envelope
        unsigned.signatures = []
        #expect(throws: MessageError.self) { try SignedStatement(unsigned) }
        let foreign = try SignedEnvelope(
            payload: signed.envelope.payload.bytes,
            payloadType: "application/vnd.birthmark.release.v1+json",
            signers: [signer]
        )
        #expect(throws: MessageError.self) { try SignedStatement(foreign) }
    }

    @Test func statesNothingButActs() throws {
        for path in [
            "", "/", "/v1/instances", "/v1/instances/SN-1", "/v1/policy/explain", "/v1/instances//suspend",
            "/v1/instances/SN-1/suspend/", "/v1/instances/SN-1/suspend?x=1", "/v1/instances/%zz/suspend",
            "/v1/instances/a%00/suspend", "/V1/approvals",
            "/v1/instances/\(String(repeating: "a", count: 300))/suspend",
        ] {
            #expect(throws: MessageError.self, "\(path)") { try statement(path) }
        }
        for size in [0, 15, 17] {
            #expect(throws: MessageError.self) { try statement(nonce: [UInt8](repeating: 1, count: size)) }
        }
    }

    @Test func contradictionsAreRefused() throws {
        let text = String(decoding: try CanonicalJSON.encode(try statement()), as: UTF8.self)
        for changed in [
            text + " ", text.replacing(#""formatVersion":1"#, with: #""formatVersion":2"#),
            text.replacing(#""method":"POST""#, with: #""method":"GET""#),
            text.replacing(#""nonce":"07"#, with: #""nonce":""#),
            text.replacing(#""at":1790000000"#, with: #""at":1790000000.0"#),
        ] {
            #expect(changed != text)
            #expect(throws: MessageError.self, "\(changed)") { try ActStatement(parsing: Array(changed.utf8)) }
        }
    }

    @Test func timesAreHeldToEachOther() throws {
        let statement = try statement(at: 1000)
        #expect(statement.isSigned(within: 300, of: 1300) && statement.isSigned(within: 300, of: 700))
        #expect(!statement.isSigned(within: 300, of: 1301) && !statement.isSigned(within: 300, of: 699))
        let (first, last) = (try self.statement(at: .min), try self.statement(at: .max))
        #expect(!first.isSigned(within: 300, of: .max) && !last.isSigned(within: 300, of: .min))
    }

    /// Each route is found by its own path, and no two by one.
    @Test(arguments: OperatorRoute.allCases)
    func pathsAreFound(route: OperatorRoute) throws {
        let path = route.pattern.replacing("{name}", with: "a%3Ab").replacing("{manifest}", with: "a%3Ab")
        let found = try #require(RequestedAct(path: path))
        #expect(found.route == route)
        #expect(found.subject == (route.pattern.contains("{") ? "a:b" : nil))
        #expect(!route.roles.isEmpty && !route.roles.contains(.auditor))
    }

    @Test func aLargeBodyIsNotKept() throws {
        let signed = try SignedStatement(try statement(), by: signer)
        let bound = [UInt8](repeating: 1, count: SignedAct.maximumBody)
        #expect(SignedAct(signed, certificate: [1], body: bound).body?.bytes == bound)
        let act = SignedAct(signed, certificate: [1], body: bound + [1])
        #expect(act.body == nil)
        let bytes = try CanonicalJSON.encode(act)
        #expect(try CanonicalJSON.decode(SignedAct.self, from: bytes, limit: SignedAct.maximumSize) == act)
        let largest = SignedAct(signed, certificate: [UInt8](repeating: 1, count: 16 << 10), body: bound)
        #expect(try CanonicalJSON.encode(largest).count <= SignedAct.maximumSize)
    }
}
