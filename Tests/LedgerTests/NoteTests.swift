import Crypto
import Ledger
import Testing

@Suite struct NoteTests {
    private let logKey: VerifierKey
    private let witnessKey: VerifierKey
    private let signed: SignedCheckpoint

    init() throws {
        let log = try Vectors.log()
        let signer = try Vectors.logSigner()
        let witness = try Vectors.witness()
        logKey = signer.verifierKey
        witnessKey = witness.verifierKey
        var signed = try signer.sign(size: 5, root: log.frontier.root)
        try signed.add(try witness.cosign(signed.verify(logKey: logKey).get(), time: Vectors.witnessTime))
        self.signed = signed
    }

    @Test func everyTruncationIsRefused() throws {
        let bytes = signed.bytes
        // Cutting at the end of the first signature line leaves a note with one signature, which is a whole one.
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let firstSignatureEnds = bytes.count - lines[lines.count - 2].count - 1
        for count in 0..<bytes.count where count != firstSignatureEnds {
            #expect(throws: LedgerFormatError.self) { try SignedCheckpoint(parsing: Array(bytes.prefix(count))) }
        }
        let shorter = try SignedCheckpoint(parsing: Array(bytes.prefix(firstSignatureEnds)))
        #expect(shorter.note.signatures.count == 1)
        #expect(
            shorter.verify(logKey: logKey, witnesses: [witnessKey], quorum: 1)
                == .failure(.witnessesMissing(required: 1, found: 0))
        )
    }

    @Test func everyAlteredByteIsRefused() throws {
        var judged = 0
        for position in signed.bytes.indices {
            for change: UInt8 in [0x01, 0x20, 0x80] {
                var bytes = signed.bytes
                bytes[position] ^= change
                guard let altered = try? SignedCheckpoint(parsing: bytes) else { continue }
                judged += 1
                let verdict = altered.verify(logKey: logKey, witnesses: [witnessKey], quorum: 1)
                #expect(throws: LedgerRefusal.self, "byte \(position)") { try verdict.get() }
            }
        }
        #expect(judged > 0, "the parser alone was asked")
    }

    @Test func linesOfUnknownKeysAreIgnored() throws {
        let stranger = try WitnessSigner(name: "stranger.example", privateKey: Vectors.key(seed: "stranger"))
        var crowded = signed
        try crowded.add(try stranger.cosign(signed.verify(logKey: logKey).get(), time: 1))
        let received = try SignedCheckpoint(parsing: crowded.bytes)
        #expect(received.note.signatures.count == 3)
        let verified = try received.verify(logKey: logKey, witnesses: [witnessKey], quorum: 1).get()
        #expect(verified.cosignatures.keys.map(\.name) == ["witness.example/w1"])
    }

    @Test func aKeyOfTheSameNameAndAnotherValueIsUnknown() throws {
        let impostor = try CheckpointSigner(origin: Vectors.origin, privateKey: Vectors.key(seed: "impostor"))
        let forged = try impostor.sign(size: 5, root: .leaf([0]))
        #expect(
            forged.verify(logKey: logKey) == .failure(.logSignatureMissing(key: "\(Vectors.origin)+ae43e4a3"))
        )
    }

    @Test func aKnownKeysWrongSignatureRefusesTheWholeNote() throws {
        let other = try Vectors.logSigner().sign(size: 1, root: .leaf([0]))
        let text = String(decoding: signed.bytes, as: UTF8.self)
        let foreignLine = try #require(String(decoding: other.bytes, as: UTF8.self).split(separator: "\n").last)
        let received = try SignedCheckpoint(parsing: Array((text + foreignLine + "\n").utf8))
        #expect(received.verify(logKey: logKey) == .failure(.signatureInvalid(key: logKey.description)))
    }

    @Test func aWitnessIsCountedOnce() throws {
        let witness = try Vectors.witness()
        var twice = signed
        try twice.add(try witness.cosign(signed.verify(logKey: logKey).get(), time: Vectors.witnessTime + 9))
        #expect(
            twice.verify(logKey: logKey, witnesses: [witnessKey, witnessKey], quorum: 2)
                == .failure(.witnessesMissing(required: 2, found: 1))
        )
        #expect(
            try twice.verify(logKey: logKey, witnesses: [witnessKey], quorum: 1).get().cosignatures[witnessKey]
                == Vectors.witnessTime + 9
        )
    }

    @Test func aWitnessKeyDoesNotStandInForTheLogsNorTheReverse() throws {
        let key = try Vectors.key(seed: "one key for both")
        let asWitness = try WitnessSigner(name: Vectors.origin, privateKey: key)
        let note = try CheckpointSigner(origin: Vectors.origin, privateKey: key).sign(size: 0, root: .ofEmptyTree)
        #expect(
            note.verify(logKey: asWitness.verifierKey)
                == .failure(.logSignatureMissing(key: asWitness.verifierKey.description))
        )
        #expect(asWitness.verifierKey.id != note.note.signatures[0].keyID)
    }

    @Test func theTimeOfACosignatureIsSigned() throws {
        let line = try #require(signed.note.signatures.last)
        let text = String(decoding: signed.bytes, as: UTF8.self)
        // The first characters of the blob are the key id, then the time: alter one of its digits.
        let blob = try #require(text.split(separator: "\n").last?.split(separator: " ").last)
        #expect(line.name == "witness.example/w1")
        let altered = text.replacing(String(blob), with: blob.replacing("AAAABqsTuA", with: "AAAABqsTvA"))
        #expect(altered != text)
        let received = try SignedCheckpoint(parsing: Array(altered.utf8))
        #expect(
            received.verify(logKey: logKey, witnesses: [witnessKey])
                == .failure(.signatureInvalid(key: witnessKey.description))
        )
    }

    @Test func anotherLogsCheckpointIsRefused() throws {
        let key = try Vectors.key(seed: "bridge-ledger-test-key")
        let other = try CheckpointSigner(origin: "other.example", privateKey: key).sign(size: 0, root: .ofEmptyTree)
        #expect(
            other.verify(logKey: logKey)
                == .failure(.wrongOrigin(expected: Vectors.origin, found: "other.example"))
        )
    }

    @Test(arguments: [
        "origin\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\nextension\n",
        "origin\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "origin\n01\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "origin\n+1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "origin\n\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "origin\n18446744073709551617\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "origin\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=\n",
        "origin\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuA==\n",
        "origin\n0\nQHZrIDNCkCb1PVRQJnmoOXBrR0H43K86i7pfQbX/4HU=\n",
        "\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "two words\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "plus+plus\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        " \n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "",
    ])
    func malformedCheckpointsAreRefused(text: String) {
        #expect(throws: LedgerFormatError.self) { try Checkpoint(parsing: Array(text.utf8)) }
    }

    @Test(arguments: [
        "text\n\n— name\n",
        "text\n\n— name AAAAAA==\n",
        "text\n\n— name AAAAAAA=  \n",
        "text\n\n— na+me AAAAAAA=\n",
        "text\n\n—  AAAAAAA=\n",
        "text\n\n-- name AAAAAAA=\n",
        "text\n\nname AAAAAAA=\n",
        "text\n\n— name AAAAAAB=\n",
        "text\n\n— name AAAAAAA=",
        "text\n— name AAAAAAA=\n",
        "te\u{0}xt\n\n— name AAAAAAA=\n",
        "te\rxt\n\n— name AAAAAAA=\n",
        "\n— name AAAAAAA=\n",
        "text\n\n",
        "text\n\n\n",
    ])
    func malformedNotesAreRefused(text: String) {
        #expect(throws: LedgerFormatError.self) { try SignedNote(parsing: Array(text.utf8)) }
    }

    @Test func notesOutOfBoundsAreRefused() throws {
        let line = "— name AAAAAAA=\n"
        let most = "text\n\n" + String(repeating: line, count: SignedNote.maxSignatures)
        #expect(try SignedNote(parsing: Array(most.utf8)).signatures.count == SignedNote.maxSignatures)
        #expect(throws: LedgerFormatError.self) { try SignedNote(parsing: Array((most + line).utf8)) }
        let long = String(repeating: "x", count: SignedNote.maxByteCount) + "\n\n" + line
        #expect(throws: LedgerFormatError.self) { try SignedNote(parsing: Array(long.utf8)) }
        #expect(throws: LedgerFormatError.self) { try SignedNote(parsing: [0xFF] + Array(most.utf8)) }
        let marks = String(repeating: "\u{0316}", count: 30)
        #expect(try SignedNote(parsing: Array((marks + most).utf8)).signatures.count == SignedNote.maxSignatures)
        #expect(throws: LedgerFormatError.self) { try SignedNote(parsing: Array("\(marks)\u{0316}\(most)".utf8)) }
    }

    @Test(arguments: [
        "",
        "name",
        "name+12345678",
        "ledger.example/update-provenance/v1+ae43e4a4+ATHv+nvmT3QswRGSFLvWKXd6cwZsl4Gw93CukV4EglZN",
        "ledger.example/update-provenance/v1+AE43E4A3+ATHv+nvmT3QswRGSFLvWKXd6cwZsl4Gw93CukV4EglZN",
        "ledger.example/update-provenance/v2+ae43e4a3+ATHv+nvmT3QswRGSFLvWKXd6cwZsl4Gw93CukV4EglZN",
        "ledger.example/update-provenance/v1+ae43e4a3+ATHv+nvmT3QswRGSFLvWKXd6cwZsl4Gw93CukV4EglY=",
        "ledger.example/update-provenance/v1+ae43e4a3+BjHv+nvmT3QswRGSFLvWKXd6cwZsl4Gw93CukV4EglZN",
        "ledger.example/update-provenance/v1+ae43e4a3+",
        "ledger.example/update-provenance/v1+ae43e4a3+ATHv+nvmT3QswRGSFLvWKXd6cwZsl4Gw93CukV4EglZN\n",
    ])
    func malformedVerifierKeysAreRefused(text: String) {
        #expect(throws: LedgerFormatError.self) { try VerifierKey(parsing: text) }
    }

    @Test func everyTruncatedProofFileIsRefused() throws {
        let log = try Vectors.log()
        let path = try #require(try MerkleTree(size: 5).inclusionPath(of: 2, node: log.node))
        let checkpoint = try Vectors.logSigner().sign(size: 5, root: log.frontier.root)
        let bytes = LogProof(index: 2, path: path, checkpoint: checkpoint).bytes
        for count in 0..<bytes.count {
            #expect(throws: LedgerFormatError.self) { try LogProof(parsing: Array(bytes.prefix(count))) }
        }
        #expect(throws: LedgerFormatError.self) { try LogProof(parsing: bytes + [0x0A]) }
        let text = String(decoding: bytes, as: UTF8.self)
        for (old, new) in [
            ("index 2\n", "index 02\n"), ("index 2\n", "index -2\n"), ("index 2\n", "index 2 \n"), ("@v1", "@v2"),
        ] {
            #expect(throws: LedgerFormatError.self) {
                try LogProof(parsing: Array(text.replacing(old, with: new).utf8))
            }
        }
        let endless = text.replacing(
            "index 2\n",
            with: "index 2\n" + String(repeating: path[0].base64 + "\n", count: 99)
        )
        #expect(throws: LedgerFormatError.self) { try LogProof(parsing: Array(endless.utf8)) }
    }
}
