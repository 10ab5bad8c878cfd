import Crypto
import Testing

@testable import Ledger

/// The judgement of a witness: what it cosigns, and each way in which it says no (C2SP tlog-witness).
@Suite struct WitnessTests {
    private static let now = Vectors.witnessTime

    private func witness(_ log: WitnessedLog? = nil) throws -> Witness {
        let signer = try Vectors.witness()
        let known = try log ?? WitnessedLog(keys: [logKey], cosigned: nil, by: signer.verifierKey)
        return try Witness(signer, logs: [known])
    }

    private var logKey: VerifierKey { get throws { try Vectors.logSigner().verifierKey } }

    private func checkpoint(
        of log: MemoryLog,
        size: Int? = nil,
        by signer: CheckpointSigner? = nil
    ) throws -> SignedCheckpoint {
        let size = size ?? log.leaves.count
        return try (signer ?? Vectors.logSigner()).sign(size: size, root: NaiveTree.root(log.leaves.prefix(size)))
    }

    /// What an honest log sends.
    private func body(_ log: MemoryLog, from old: Int, to size: Int? = nil) throws -> [UInt8] {
        let size = size ?? log.leaves.count
        let path = old == 0 ? [] : NaiveTree.consistencyPath(old, log.leaves.prefix(size))
        return AddCheckpoint(oldSize: old, path: path, checkpoint: try checkpoint(of: log, size: size)).bytes
    }

    private func refusal(_ witness: Witness, _ body: [UInt8]) throws -> WitnessRefusal? {
        switch try witness.judge(body, at: Self.now) {
        case .success: nil
        case .failure(let refusal): refusal
        }
    }

    /// A witness that has seen the first entries of a log.
    private func seeing(_ log: MemoryLog, _ size: Int, at time: Int = now) throws -> Witness {
        var witness = try witness()
        witness.remember(try witness.judge(body(log, from: 0, to: size), at: time).get())
        return witness
    }

    @Test func itCosignsEveryContinuation() throws {
        let log = MemoryLog(count: 40)
        var witness = try witness()
        for (old, new) in [(0, 1), (1, 2), (2, 3), (3, 7), (7, 8), (8, 31), (31, 31), (31, 40)] {
            let cosigned = try witness.judge(body(log, from: old, to: new), at: Self.now).get()
            #expect(cosigned.size == new && cosigned.origin == Vectors.origin)
            var note = try checkpoint(of: log, size: new)
            let taken = try note.add(lines: cosigned.line, of: [Vectors.witness().verifierKey]).get()
            #expect(taken.count == 1)
            let verified = try note.verify(logKey: logKey, witnesses: taken, quorum: 1).get()
            #expect(verified.cosignatures == [taken[0]: Self.now])
            #expect(cosigned.bytes == note.bytes)
            witness.remember(cosigned)
        }
        #expect(witness.sizes == [Vectors.origin: 40])
    }

    /// The published vector: this witness's line over the five entries.
    @Test func theVectorsSignature() throws {
        let cosigned = try witness().judge(body(Vectors.log(), from: 0), at: Self.now).get()
        let signer = try Vectors.witness()
        let verified = VerifiedCheckpoint(checkpoint: try checkpoint(of: Vectors.log()).claimed, cosignatures: [:])
        let expected = try signer.cosign(verified, time: Self.now)
        #expect(expected.keyID.description == "85b9de22")
        #expect(
            String(decoding: cosigned.line, as: UTF8.self).hasPrefix("\u{2014} witness.example/w1 hbneIgAAAABqsTuA")
        )
    }

    /// What it answers does not bind it; what it was told to remember does.
    @Test func judgingChangesNothing() throws {
        let log = MemoryLog(count: 9)
        var witness = try witness()
        let first = try witness.judge(body(log, from: 0, to: 4), at: Self.now).get()
        #expect(try refusal(witness, body(log, from: 0, to: 9)) == nil)
        witness.remember(first)
        #expect(try refusal(witness, body(log, from: 0, to: 9)) == .otherSize(seen: 4, old: 0))
        #expect(try refusal(witness, body(log, from: 4, to: 9)) == nil)
    }

    @Test func whatItKeptItTakesUpAgain() throws {
        let log = MemoryLog(count: 9)
        let witness = try witness()
        let cosigned = try witness.judge(body(log, from: 0, to: 4), at: Self.now).get()
        let key = try Vectors.witness().verifierKey
        let kept = try WitnessedLog(keys: [logKey], cosigned: cosigned.bytes, by: key)
        #expect(kept.size == 4)
        #expect(try refusal(self.witness(kept), body(log, from: 0)) == .otherSize(seen: 4, old: 0))
        // Without its own line, or of another witness, it is nothing that it has said.
        let bare = try checkpoint(of: log, size: 4).bytes
        #expect(throws: LedgerRefusal.self) { try WitnessedLog(keys: [logKey], cosigned: bare, by: key) }
        let other = try WitnessSigner(name: "other", privateKey: Curve25519.Signing.PrivateKey()).verifierKey
        #expect(throws: LedgerRefusal.self) { try WitnessedLog(keys: [logKey], cosigned: cosigned.bytes, by: other) }
        for index in stride(from: 0, to: cosigned.bytes.count, by: 7) {
            var changed = cosigned.bytes
            changed[index] ^= 1
            #expect(throws: (any Error).self) { try WitnessedLog(keys: [logKey], cosigned: changed, by: key) }
        }
    }

    // MARK: Refusals

    @Test func aLogThatNobodyNamed() throws {
        let stranger = try CheckpointSigner(origin: "stranger/log", privateKey: Curve25519.Signing.PrivateKey())
        let body = AddCheckpoint(oldSize: 0, path: [], checkpoint: try checkpoint(of: Vectors.log(), by: stranger))
            .bytes
        let refusal = try refusal(witness(), body)
        #expect(refusal == .unknownOrigin("stranger/log") && refusal?.status == 404)
    }

    @Test func aCheckpointThatTheLogHasNotSigned() throws {
        let thief = try CheckpointSigner(origin: Vectors.origin, privateKey: Curve25519.Signing.PrivateKey())
        let body = AddCheckpoint(oldSize: 0, path: [], checkpoint: try checkpoint(of: Vectors.log(), by: thief)).bytes
        #expect(try refusal(witness(), body)?.status == 403)
        // The log's own line under another tree.
        let signed = String(decoding: try checkpoint(of: Vectors.log()).bytes, as: UTF8.self)
        let moved = signed.replacing("\n5\n", with: "\n6\n")
        let altered = Array("old 0\n\n\(moved)".utf8)
        #expect(moved != signed)
        #expect(try refusal(witness(), altered)?.status == 403)
    }

    /// Cut: a smaller tree is not cosigned, whatever old size is claimed.
    @Test func attack71_theWitnessCatchesATruncatedLog() throws {
        let log = MemoryLog(count: 9)
        let witness = try seeing(log, 9)
        #expect(try refusal(witness, body(log, from: 0, to: 5)) == .otherSize(seen: 9, old: 0))
        #expect(try refusal(witness, body(log, from: 5, to: 5))?.seenSize == 9)
        let claiming = AddCheckpoint(oldSize: 9, path: [], checkpoint: try checkpoint(of: log, size: 5)).bytes
        #expect(try refusal(witness, claiming) == .oldSizeAboveNew(old: 9, new: 5))
    }

    /// Forked and rewritten: a log that shares some entries, grown on or not, with every proof that could be offered.
    @Test func attack71_theWitnessCatchesAForkedOrRewrittenLog() throws {
        let log = MemoryLog(count: 9)
        let witness = try seeing(log, 9)
        for changed in 0..<9 {
            var leaves = log.leaves
            leaves[changed] = .leaf([7])
            let fork = MemoryLog(leaves: leaves)
            #expect(try refusal(witness, body(fork, from: 9, to: 9)) == .otherRoot(size: 9))
            var grown = fork
            for index in 0..<8 { grown.append(.leaf([UInt8(index)])) }
            let refused = try refusal(witness, body(grown, from: 9))
            #expect(refused == .badProof(.forked(seen: 9, offered: 17)) && refused?.status == 422)
            let honest = NaiveTree.consistencyPath(9, (log.leaves + grown.leaves.suffix(8))[...])
            let mixed = AddCheckpoint(oldSize: 9, path: honest, checkpoint: try checkpoint(of: grown)).bytes
            #expect(try refusal(witness, mixed)?.status == 422)
        }
    }

    @Test func proofsThatAreNone() throws {
        let log = MemoryLog(count: 9)
        let whole = try checkpoint(of: log)
        let fresh = AddCheckpoint(oldSize: 0, path: [.leaf([1])], checkpoint: whole).bytes
        #expect(try refusal(witness(), fresh)?.status == 422, "of the empty tree there is nothing to prove")
        let witness = try seeing(log, 4)
        let path = NaiveTree.consistencyPath(4, log.leaves[...])
        for wrong in [[], Array(path.dropLast()), path + [.leaf([1])], Array(path.reversed())] where wrong != path {
            let body = AddCheckpoint(oldSize: 4, path: wrong, checkpoint: whole).bytes
            #expect(try refusal(witness, body)?.status == 422)
        }
        let same = AddCheckpoint(oldSize: 4, path: path, checkpoint: try checkpoint(of: log, size: 4)).bytes
        #expect(try refusal(witness, same)?.status == 422, "the same tree needs no proof")
    }

    /// Back-dated: a witness states its own time, and never an earlier one than before.
    @Test func attack71_theWitnessStatesNoEarlierTime() throws {
        let log = MemoryLog(count: 9)
        let witness = try seeing(log, 4, at: Self.now)
        #expect(throws: Witness.ClockBehind(now: Self.now - 1, stated: Self.now)) {
            try witness.judge(body(log, from: 4), at: Self.now - 1)
        }
        #expect(try witness.judge(body(log, from: 4), at: Self.now).get().size == 9)
    }

    @Test func aKeyThatFollowsAnother() throws {
        let next = try CheckpointSigner(origin: Vectors.origin, privateKey: Curve25519.Signing.PrivateKey())
        let key = try Vectors.witness().verifierKey
        let both = try witness(WitnessedLog(keys: [logKey, next.verifierKey], cosigned: nil, by: key))
        let body = AddCheckpoint(oldSize: 0, path: [], checkpoint: try checkpoint(of: Vectors.log(), by: next)).bytes
        #expect(try refusal(both, body) == nil)
        #expect(try refusal(witness(), body)?.status == 403)
        let foreign = try CheckpointSigner(origin: "other", privateKey: Curve25519.Signing.PrivateKey()).verifierKey
        #expect(throws: LedgerFormatError.self) { try WitnessedLog(keys: [logKey, foreign], cosigned: nil, by: key) }
        #expect(throws: LedgerFormatError.self) { try WitnessedLog(keys: [], cosigned: nil, by: key) }
    }

    // MARK: Another history

    /// By the word of its own people alone; what is asked for then has to continue that.
    @Test func anotherHistoryInThePlaceOfTheOneThatWasSeen() throws {
        let (log, other) = (MemoryLog(count: 9), MemoryLog(count: 6, seed: 2))
        var witness = try seeing(log, 9)
        #expect(try refusal(witness, body(other, from: 0)) == .otherSize(seen: 9, old: 0))
        let cosigned = try witness.cosign(insteadOfSeen: checkpoint(of: other), at: Self.now).get()
        #expect(witness.last(of: Vectors.origin)?.checkpoint.size == 9, "it is not durable yet")
        witness.remember(cosigned)
        #expect(witness.last(of: Vectors.origin)?.checkpoint.root == NaiveTree.root(other.leaves[...]))
        var grown = other
        grown.append(.leaf([1]))
        #expect(try refusal(witness, body(grown, from: 6)) == nil)
        #expect(try refusal(witness, body(log, from: 6))?.status == 422)
        let kept = try WitnessedLog(keys: [logKey], cosigned: cosigned.bytes, by: Vectors.witness().verifierKey)
        #expect(kept.size == 6)
    }

    @Test func anotherHistoryThatTheLogHasNotSigned() throws {
        let log = MemoryLog(count: 9)
        let witness = try seeing(log, 9)
        for origin in [Vectors.origin, "stranger/log"] {
            let thief = try CheckpointSigner(origin: origin, privateKey: Curve25519.Signing.PrivateKey())
            let refused = try witness.cosign(insteadOfSeen: checkpoint(of: log, size: 5, by: thief), at: Self.now)
            guard case .failure(let refusal) = refused else {
                Issue.record("cosigned for \(origin)")
                continue
            }
            #expect(refusal.status == (origin == Vectors.origin ? 403 : 404))
        }
        #expect(throws: Witness.ClockBehind(now: Self.now - 1, stated: Self.now)) {
            try witness.cosign(insteadOfSeen: checkpoint(of: log, size: 5), at: Self.now - 1)
        }
    }

    // MARK: The request

    @Test func aRequestIsReadToTheLastByte() throws {
        let log = MemoryLog(count: 20)
        let request = try AddCheckpoint(parsing: body(log, from: 7))
        #expect(request.oldSize == 7 && !request.path.isEmpty)
        let text = String(decoding: request.bytes, as: UTF8.self)
        let signed = String(decoding: try checkpoint(of: log).bytes, as: UTF8.self)
        let hash = TreeHash.leaf([1]).base64
        let tooMany = "old 7\n" + String(repeating: hash + "\n", count: 64) + "\n" + signed
        for wrong in [
            "", "old 7", "old 7\n", "old 7\n\n", "old  7\n\n\(signed)", "old 07\n\n\(signed)", "old -1\n\n\(signed)",
            "old +7\n\n\(signed)", "Old 7\n\n\(signed)", "old 7\r\n\n\(signed)", "old 7 \n\n\(signed)",
            "7\n\n\(signed)",
            "old 7\n\(hash)\n\(signed)", "old 7\n\(hash.dropLast())\n\n\(signed)", "old 7\n \(hash)\n\n\(signed)",
            text + "\n", text + "x\n", "\n" + text, "old 7\n\n\n\(signed)", "old 99999999999999999999\n\n\(signed)",
            tooMany,
            "old 7\n\n" + signed.dropLast(),
        ] {
            #expect(throws: LedgerFormatError.self, "\(wrong)") { try AddCheckpoint(parsing: Array(wrong.utf8)) }
            #expect(try refusal(witness(), Array(wrong.utf8))?.status == 400)
        }
        let most = "old 7\n" + String(repeating: hash + "\n", count: 63) + "\n" + signed
        #expect(try AddCheckpoint(parsing: Array(most.utf8)).path.count == 63)
        let huge = Array(text.utf8) + [UInt8](repeating: 0x0A, count: AddCheckpoint.maxByteCount)
        #expect(throws: LedgerFormatError.self) { try AddCheckpoint(parsing: huge) }
    }

    @Test func linesOfOthersAreNotTakenOver() throws {
        let log = MemoryLog(count: 5)
        let stranger = try WitnessSigner(name: "stranger", privateKey: Curve25519.Signing.PrivateKey())
        let verified = VerifiedCheckpoint(checkpoint: try checkpoint(of: log).claimed, cosignatures: [:])
        let theirs = Array(try stranger.cosign(verified, time: Self.now).line.utf8)
        let ours = try witness().judge(body(log, from: 0), at: Self.now).get().line
        let known = [try Vectors.witness().verifierKey]
        var note = try checkpoint(of: log)
        #expect(try note.add(lines: theirs, of: known).get() == [])
        #expect(try note.add(lines: theirs + ours, of: known).get() == known)
        #expect(note.note.signatures.count == 2)
        #expect(try note.add(lines: ours, of: known).get() == [], "nobody counts twice")
        // Of another checkpoint: it does not verify, and somebody has sent it.
        var another = try checkpoint(of: log, size: 4)
        #expect(throws: LedgerRefusal.self) { try another.add(lines: ours, of: known).get() }
        #expect(throws: LedgerFormatError.self) { try another.add(lines: Array("nothing\n".utf8), of: known) }
        #expect(throws: LedgerFormatError.self) { try another.add(lines: [], of: known) }
    }

    /// One witness of several is to spoil nothing: what it has signed beside the checkpoint is no line under it.
    @Test func attack71_aLineOverALongerTextSpoilsNoCheckpoint() throws {
        let key = try Vectors.witness().verifierKey
        var note = try checkpoint(of: MemoryLog(count: 5))
        let before = note
        let time: UInt64 = 1
        let message = Cosignature.message(over: note.note.text + Array("\nmore\n".utf8), time: time)
        let signature = try Vectors.key(seed: "bridge-witness-test-key").signature(for: message)
        let line = SignedNote.Signature(
            name: key.name,
            keyID: key.id,
            body: [UInt8](repeating: 0, count: 7) + [UInt8(time)] + Array(signature)
        )
        let lines = Array("more\n\n\(line.line)".utf8)
        #expect(throws: LedgerFormatError.self) { try note.add(lines: lines, of: [key]) }
        #expect(note == before)
    }
}
