import Testing

@testable import Messages

/// What an encoder takes it gives back, also of what cannot be written: a verifier writes messages as long as it runs.
@Suite struct EncoderMemoryTests {
    /// Looks whether the encoder that it was given is still there.
    private final class Witness {
        weak var encoder: AnyObject?
    }

    /// Writes containers within containers.
    private struct Nested: Encodable {
        enum Keys: CodingKey { case outer, list, inner }

        let witness: Witness
        /// What JSON has no form for here.
        var fraction: Double?

        func encode(to encoder: any Encoder) throws {
            witness.encoder = encoder as AnyObject
            var members = encoder.container(keyedBy: Keys.self)
            var inner = members.nestedContainer(keyedBy: Keys.self, forKey: .outer)
            try inner.encode(1, forKey: .inner)
            var list = members.nestedUnkeyedContainer(forKey: .list)
            var element = list.nestedContainer(keyedBy: Keys.self)
            try element.encode("text", forKey: .inner)
            if let fraction { try element.encode(fraction, forKey: .outer) }
        }
    }

    /// Goes on where a part of it could not be written.
    private struct Careless: Encodable {
        enum Place: CaseIterable { case member, element, value }
        enum Keys: CodingKey { case a, b }

        struct Part: Encodable {
            func encode(to encoder: any Encoder) throws {
                var members = encoder.container(keyedBy: Keys.self)
                try members.encode(1, forKey: .a)
                try members.encode(0.5, forKey: .b)
            }
        }

        let place: Place

        func encode(to encoder: any Encoder) throws {
            switch place {
            case .member:
                var members = encoder.container(keyedBy: Keys.self)
                try? members.encode(Part(), forKey: .a)
                try members.encode(1, forKey: .b)
            case .element:
                var elements = encoder.unkeyedContainer()
                try? elements.encode(Part())
                try elements.encode(1)
            case .value:
                var value = encoder.singleValueContainer()
                try? value.encode(Part())
            }
        }
    }

    @Test func containersWithinContainersAreFreed() throws {
        let witness = Witness()
        let bytes = try CanonicalJSON.encode(Nested(witness: witness))
        #expect(String(decoding: bytes, as: UTF8.self) == #"{"list":[{"inner":"text"}],"outer":{"inner":1}}"#)
        #expect(witness.encoder == nil)
    }

    @Test func containersOfWhatCannotBeWrittenAreFreed() {
        let (inside, outside) = (Witness(), Witness())
        #expect(throws: MessageError.self) { try CanonicalJSON.encode([Nested(witness: inside, fraction: 0.5)]) }
        #expect(throws: MessageError.self) { try CanonicalJSON.encode(Nested(witness: outside, fraction: 0.5)) }
        #expect(inside.encoder == nil && outside.encoder == nil)
    }

    /// Half of a part would be another text, or none.
    @Test func nothingIsWrittenOfWhatCannotBeWrittenWhole() {
        for place in Careless.Place.allCases {
            #expect(throws: MessageError.self) { try CanonicalJSON.encode(Careless(place: place)) }
        }
    }
}
