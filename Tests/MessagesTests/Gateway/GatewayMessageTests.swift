import Messages
import Testing

@Suite struct GatewayMessageTests {
    private func statement(_ change: (inout VouchStatement) -> Void = { _ in }) throws -> VouchStatement {
        let observed = ChildObservation(
            port: try #require(Label("lan")),
            address: Label("192.168.7.20"),
            link: Label("52:54:00:12:34:56"),
            readBack: ContentDigest(of: [1])
        )
        let instance = InstanceID(iakName: [UInt8](repeating: 7, count: 34))
        var statement = VouchStatement(child: instance, evidence: ContentDigest(of: [2]), observed: observed)
        change(&statement)
        return statement
    }

    @Test func statementsAreReadBackFromTheirBytes() throws {
        let statement = try statement()
        #expect(try VouchStatement(parsing: statement.bytes) == statement)
        #expect(throws: MessageError.self) { try VouchStatement(parsing: try statement.bytes + [0x20]) }
        let later = try self.statement { $0.version = 2 }
        #expect(throws: MessageError.self) { try VouchStatement(parsing: try later.bytes) }
        let long = [UInt8](repeating: 0x20, count: VouchStatement.maximumSize + 1)
        #expect(throws: MessageError.self) { try VouchStatement(parsing: long) }
    }

    @Test func ordersNameEachGatewayOnceAndFewOfThem() throws {
        let names = try (1...5).map { try #require(Label("GW-\($0)")) }
        #expect(GatewayOrder(names, reason: "hall 3") == nil)
        #expect(GatewayOrder([], reason: "two\nlines") == nil)
        #expect(GatewayOrder([names[0], names[0]], reason: "hall 3") == nil)
        let order = try #require(GatewayOrder(Array(names.prefix(4)), reason: "hall 3"))
        #expect(try GatewayOrder(parsing: try CanonicalJSON.encode(order)) == order)
        for text in [
            #"{"gateways":["GW-1","GW-1"],"reason":"x"}"#,
            #"{"gateways":["GW-1","GW-2","GW-3","GW-4","GW-5"],"reason":"x"}"#,
            #"{"gateways":["GW-1"],"reason":"two\nlines"}"#,
        ] {
            #expect(throws: MessageError.self) { try GatewayOrder(parsing: Array(text.utf8)) }
        }
    }

    @Test func aGatewayIsSpokenToOverTLSOnly() throws {
        let contact = GatewayContact(url: "https://192.168.7.1:8445", tlsRoots: "-----BEGIN CERTIFICATE-----\n")
        #expect(try GatewayContact(parsing: try EditedJSON.encode(contact)) == contact)
        var plain = contact
        plain.url = "http://192.168.7.1"
        #expect(throws: MessageError.self) { try GatewayContact(parsing: try EditedJSON.encode(plain)) }
        var later = contact
        later.formatVersion = 2
        #expect(throws: MessageError.self) { try GatewayContact(parsing: try EditedJSON.encode(later)) }
    }

    @Test func vouchesGoWithTheirPurposeOnly() throws {
        let text =
            #"{"challenge":"c","installation":{"key":"","proof":""},"instance":"","purpose":"attest","version":1}"#
        #expect(throws: MessageError.self) { try DecisionRequest(parsing: Array(text.utf8)) }
    }
}
