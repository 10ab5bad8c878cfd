import Crypto
import Testing

@testable import Messages

@Suite struct EnvelopeTests {
    private let type = "application/vnd.birthmark.test+json"
    private let payload = Array(#"{"a":1}"#.utf8)
    private let signers: [StatementSigner] = [
        .ed25519(Curve25519.Signing.PrivateKey()), .p256(P256.Signing.PrivateKey()),
        .ed25519(Curve25519.Signing.PrivateKey()),
    ]

    private func envelope(_ indices: Int...) throws -> SignedEnvelope {
        try SignedEnvelope(payload: payload, payloadType: type, signers: indices.map { signers[$0] })
    }

    private func keys(threshold: Int, _ indices: Int...) throws -> SigningKeys {
        try SigningKeys(threshold: threshold, keys: indices.map { signers[$0].key })
    }

    private func opens(_ envelope: SignedEnvelope, _ keys: SigningKeys) -> Bool {
        (try? envelope.payload(type: type, signedBy: keys)) == payload
    }

    /// The protocol's own example of the encoding.
    @Test func preAuthenticationEncoding() throws {
        let envelope = try SignedEnvelope(
            payload: Array("hello world".utf8),
            payloadType: "http://example.com/HelloWorld",
            signers: []
        )
        #expect(
            String(decoding: envelope.preAuthenticationEncoding, as: UTF8.self)
                == "DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        )
    }

    @Test func kOfN() throws {
        let all = try keys(threshold: 2, 0, 1, 2)
        #expect(!opens(try envelope(), all))
        for index in 0..<3 { #expect(!opens(try envelope(index), all)) }
        #expect(opens(try envelope(0, 1), all))
        #expect(opens(try envelope(1, 2), all))
        #expect(opens(try envelope(0, 1, 2), all))
        #expect(opens(try envelope(0), try keys(threshold: 1, 0, 1, 2)))
        #expect(!opens(try envelope(2), try keys(threshold: 1, 0, 1)))
        #expect(!opens(try envelope(0, 2), try keys(threshold: 2, 0, 1)), "a stranger's signature does not count")
        #expect(opens(try envelope(0, 2), try keys(threshold: 1, 0, 1)), "and does not harm")
        #expect(!opens(try envelope(0, 1), try keys(threshold: 3, 0, 1, 2)))
    }

    @Test func oneKeyCountsOnce() throws {
        var envelope = try envelope(0)
        envelope.signatures += envelope.signatures
        #expect(envelope.signatures.count == 2)
        #expect(!opens(envelope, try keys(threshold: 2, 0, 1)))
        // Ed25519 and ECDSA: a second, different signature of the same key is still the same key's.
        var twice = try self.envelope(1)
        twice.signatures += try self.envelope(1).signatures
        #expect(!opens(twice, try keys(threshold: 2, 0, 1)))
        // Under another's name it is nobody's.
        var renamed = try self.envelope(0)
        var copy = try #require(renamed.signatures.first)
        copy.keyid = signers[1].key.id
        renamed.signatures.append(copy)
        #expect(!opens(renamed, try keys(threshold: 2, 0, 1)))
    }

    @Test func addingReplacesTheSameKey() throws {
        var envelope = try envelope(1)
        try envelope.add(signers[1])
        #expect(envelope.signatures.count == 1)
        try envelope.add(signers[0])
        #expect(envelope.signatures.count == 2)
        #expect(opens(envelope, try keys(threshold: 2, 0, 1)))
    }

    @Test func everythingIsSigned() throws {
        let keys = try keys(threshold: 1, 0)
        let good = try envelope(0)
        for index in payload.indices {
            var changed = good
            changed.payload.bytes[index] ^= 1
            #expect(throws: MessageError.self) { try changed.payload(type: type, signedBy: keys) }
        }
        var changed = good
        changed.payloadType += "2"
        #expect(throws: MessageError.self) { try changed.payload(type: changed.payloadType, signedBy: keys) }
        #expect(throws: MessageError.self) { try good.payload(type: "application/json", signedBy: keys) }
        // Moving a byte between type and payload keeps neither length.
        changed = good
        changed.payloadType = String(type.dropLast())
        changed.payload.bytes = Array("n".utf8) + payload
        #expect(throws: MessageError.self) { try changed.payload(type: changed.payloadType, signedBy: keys) }
        for signature in [
            [], [UInt8](repeating: 0, count: 64), Array(good.signatures[0].sig.bytes.dropLast()),
            good.signatures[0].sig.bytes + [0],
        ] {
            changed = good
            changed.signatures[0].sig = Blob(signature)
            #expect(!opens(changed, keys))
        }
        changed = good
        changed.signatures[0].keyid = ""
        #expect(!opens(changed, keys))
    }

    @Test func envelopesHaveOneForm() throws {
        let bytes = try CanonicalJSON.encode(try envelope(0, 1))
        #expect(try opens(SignedEnvelope(parsing: bytes), keys(threshold: 2, 0, 1)))
        let text = String(decoding: bytes, as: UTF8.self)
        for changed in [
            text + "\n", text.replacing(#""payload":"#, with: #""x":1,"payload":"#), text.replacing(":", with: ": "),
        ] {
            #expect(throws: MessageError.self) { try SignedEnvelope(parsing: Array(changed.utf8)) }
        }
        var many = try envelope(0)
        many.signatures = (0..<33).map { _ in many.signatures[0] }
        let tooMany = try CanonicalJSON.encode(many)
        #expect(throws: MessageError.self) { try SignedEnvelope(parsing: tooMany) }
    }

    @Test func keySetsThatCannotBeMeant() throws {
        let key = signers[0].key
        #expect(throws: MessageError.self) { try SigningKeys(threshold: 0, keys: [key]) }
        #expect(throws: MessageError.self) { try SigningKeys(threshold: -1, keys: [key]) }
        #expect(throws: MessageError.self) { try SigningKeys(threshold: 2, keys: [key]) }
        #expect(throws: MessageError.self) { try SigningKeys(threshold: 1, keys: []) }
        #expect(throws: MessageError.self) { try SigningKeys(threshold: 2, keys: [key, key]) }
    }

    /// One key in two spellings would have two ids, and meet a threshold of two alone.
    @Test func aKeyHasOneSpelling() throws {
        let key = P256.Signing.PrivateKey().publicKey
        let point = [UInt8](key.x963Representation)
        var spellings = [point, [UInt8](key.compressedRepresentation), [UInt8](key.rawRepresentation)]
        spellings.append([0x06 | (point[64] & 1)] + point.dropFirst())
        spellings += [point + [0], Array(point.dropLast()), []]
        for (index, bytes) in spellings.enumerated() {
            var spelt = StatementKey(key)
            spelt.publicKey = Blob(bytes)
            #expect(spelt.isUsable == (index == 0), "spelling \(index)")
            if index > 0 {
                let keys = [StatementKey(key), spelt]
                #expect(throws: MessageError.self) { try SigningKeys(threshold: 2, keys: keys) }
            }
        }
        var offCurve = StatementKey(key)
        offCurve.publicKey.bytes[64] ^= 1
        #expect(!offCurve.isUsable)
        var swapped = StatementKey(key)
        swapped.algorithm = .edDSA
        #expect(!swapped.isUsable)
        #expect(!swapped.isValid(signature: [UInt8](repeating: 0, count: 64), over: []))
    }

    @Test func signaturesNameNoAlgorithm() throws {
        let p256 = P256.Signing.PrivateKey()
        let message = Array("message".utf8)
        let signature = try p256.signature(for: message)
        let key = StatementKey(p256.publicKey)
        #expect(key.isValid(signature: [UInt8](signature.rawRepresentation), over: message))
        #expect(!key.isValid(signature: [UInt8](signature.derRepresentation), over: message))
        #expect(!key.isValid(signature: [UInt8](signature.rawRepresentation), over: message + [0]))
        #expect(key.id != StatementKey(Curve25519.Signing.PrivateKey().publicKey).id)
        #expect(key.id.count == 64)
    }

    @Test func keyFilesMayBeEdited() throws {
        let set = try keys(threshold: 2, 0, 1, 2)
        #expect(try SigningKeys(parsing: EditedJSON.encode(set)) == set)
        let text = String(decoding: try EditedJSON.encode(set), as: UTF8.self)
        for changed in [
            text.replacing(#""threshold" : 2"#, with: #""threshold" : 4"#),
            text.replacing(#""threshold" : 2"#, with: #""treshold" : 2"#),
            text.replacing(#""threshold" : 2"#, with: #""threshold" : 2, "threshold" : 1"#),
            text.replacing("ES256", with: "none"),
        ] {
            #expect(changed != text)
            #expect(throws: MessageError.self) { try SigningKeys(parsing: Array(changed.utf8)) }
        }
    }
}
