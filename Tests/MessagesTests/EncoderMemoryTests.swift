import Testing

@testable import Messages

/// What an encoder takes it gives back: a verifier writes messages as long as it runs.
@Suite struct EncoderMemoryTests {
    /// Looks whether the encoder that it was given is still there.
    private final class Witness {
        weak var encoder: AnyObject?
    }

    /// Writes containers within containers.
    private struct Nested: Encodable {
        enum Keys: CodingKey { case outer, list, inner }

        let witness: Witness

        func encode(to encoder: any Encoder) throws {
            witness.encoder = encoder as AnyObject
            var members = encoder.container(keyedBy: Keys.self)
            var inner = members.nestedContainer(keyedBy: Keys.self, forKey: .outer)
            try inner.encode(1, forKey: .inner)
            var list = members.nestedUnkeyedContainer(forKey: .list)
            var element = list.nestedContainer(keyedBy: Keys.self)
            try element.encode("text", forKey: .inner)
        }
    }

    @Test func containersWithinContainersAreFreed() throws {
        let witness = Witness()
        let bytes = try CanonicalJSON.encode(Nested(witness: witness))
        #expect(String(decoding: bytes, as: UTF8.self) == #"{"list":[{"inner":"text"}],"outer":{"inner":1}}"#)
        #expect(witness.encoder == nil)
    }
}
