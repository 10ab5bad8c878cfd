import Testing

@testable import Messages

/// What an operator signs for a policy: its exact bytes and a reason, in one spelling.
@Suite struct PolicyOrderTests {
    @Test func aPolicyIsPutWithAReason() throws {
        for reason in [
            "", "two\nlines", String(repeating: "r", count: Remark.maximumSize + 1),
            "e" + String(repeating: "\u{0301}", count: 31),
        ] {
            #expect(PolicyOrder([1, 2, 3], reason: reason) == nil)
        }
        let order = try #require(PolicyOrder([1, 2, 3], reason: "nights only"))
        let bytes = try CanonicalJSON.encode(order)
        #expect(try PolicyOrder(parsing: bytes) == order)
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text == #"{"policy":"AQID","reason":"nights only"}"#)
        for changed in [
            text + "\n", text.replacing("nights only", with: ""), text.replacing("AQID", with: "AQID="),
            #"{"reason":"nights only","policy":"AQID"}"#, #"{"policy":"AQID"}"#,
        ] {
            #expect(throws: MessageError.self, "\(changed)") { try PolicyOrder(parsing: Array(changed.utf8)) }
        }
    }

    /// A policy of the largest size travels, and the auditor makes its order again to the byte.
    @Test func theLargestPolicyFits() throws {
        let policy = [UInt8](repeating: UInt8(ascii: " "), count: 2 << 20)
        let order = try #require(PolicyOrder(policy, reason: String(repeating: "r", count: Remark.maximumSize)))
        let bytes = try CanonicalJSON.encode(order)
        #expect(bytes.count <= PolicyOrder.maximumSize)
        #expect(try PolicyOrder(parsing: bytes) == order)
    }

    @Test func everyKindOfKeyHasARole() {
        for kind in KeyKind.allCases { #expect(KnownKeyKind(kind).rawValue == kind.rawValue) }
        #expect(Set(KnownKeyKind.allCases.map(\.rawValue)) == Set(KeyKind.allCases.map(\.rawValue) + ["factory-ca"]))
    }
}
