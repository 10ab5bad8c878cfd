import Crypto
import DurableFiles
import FoundationEssentials
import HTTPService
import Ledger
import Logging
import Messages
import Testing
import VerifierClient

@testable import WitnessService

/// A witness over HTTPS: each status of the protocol, and what it keeps.
@Suite(.timeLimit(.minutes(20))) struct WitnessServerTests {
    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    private func kept(_ place: Place, _ log: TestLog) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(filePath: place.directory.seen(log.signer.verifierKey.name))))
    }

    /// What a witness keeps of a log of which it has cosigned nothing.
    private func nothing(of log: TestLog) -> [UInt8] {
        Array("nothing of \(log.signer.verifierKey.name) was cosigned\n".utf8)
    }

    @Test func itCosignsWhatItKeeps() async throws {
        let place = try Place()
        var log = try TestLog()
        log.grow(to: 9)
        let key = try place.make([log.signer.verifierKey])
        #expect(key.kind == .witness && key.name == "witness.example/w1")
        #expect(try mode(place.directory.key) == 0o600 && kept(place, log) == nothing(of: log))
        try await place.serving { port in
            for (old, new) in [(0, 4), (4, 4), (4, 9)] {
                guard case .cosigned(let lines) = try await place.ask(log.request(from: old, to: new), at: port) else {
                    Issue.record("not cosigned: \(old) to \(new)")
                    return
                }
                var note = try log.checkpoint(new)
                #expect(try note.add(lines: lines, of: [key]).get() == [key])
                let kept = try SignedCheckpoint(parsing: kept(place, log))
                #expect(kept.claimed.size == new && kept.bytes == note.bytes, "what was answered is on the disk")
            }
        }
        // Another process goes on where this one stood.
        try await place.serving { port in
            try await place.expect(.otherSize(9), to: log.request(from: 0, to: 9), at: port)
        }
    }

    @Test func itSaysNoByTheProtocol() async throws {
        let place = try Place()
        var log = try TestLog()
        log.grow(to: 9)
        var stranger = try TestLog("stranger/ledger")
        stranger.grow(to: 2)
        var thief = try TestLog()
        thief.grow(to: 9)
        try place.make([log.signer.verifierKey])
        try await place.serving { port in
            _ = try await place.ask(log.request(from: 0, to: 5), at: port)
            let before = try kept(place, log)
            try await place.expect(.refused(status: 400), to: Array("old 5\n".utf8), at: port)
            try await place.expect(.refused(status: 400), to: [], at: port)
            try await place.expect(.refused(status: 404), to: stranger.request(from: 0, to: 2), at: port)
            try await place.expect(.refused(status: 403), to: thief.request(from: 5, to: 9), at: port)
            try await place.expect(.otherSize(5), to: log.request(from: 4, to: 9), at: port)
            let huge = [UInt8](repeating: 0x0A, count: AddCheckpoint.maxByteCount + 1)
            try await place.expect(.refused(status: 413), to: huge, at: port)
            #expect(try kept(place, log) == before)
        }
    }

    /// A proof is whose who sends it: one that does not hold says nothing of the log, and two roots of one size say all.
    @Test func aWrongProofOfASoundLogAccusesNobody() async throws {
        let place = try Place()
        var log = try TestLog()
        log.grow(to: 9)
        try place.make([log.signer.verifierKey])
        let lines = KeptLines()
        let desk = WitnessDesk(
            try place.directory.witness(place.directory.read()),
            place.directory,
            metrics: Metrics([.witnessRequests]),
            logger: Logger(label: "test") { _ in lines },
            now: { Int(Date.now.timeIntervalSince1970) }
        )
        #expect(try await desk.add(log.request(from: 0, to: 5)).status == 200)
        let unproven = AddCheckpoint(oldSize: 5, path: [], checkpoint: try log.checkpoint(9))
        #expect(try await desk.add(unproven.bytes).status == 422)
        #expect(lines.all.contains { $0.hasPrefix("no proof that a log continues") })
        #expect(!lines.all.contains { $0.contains("forked") || $0.contains("a log does not continue") })
        #expect(try await desk.add(log.forked(at: 1).request(from: 5, to: 5)).status == 409)
        #expect(lines.all.contains { $0.hasPrefix("a log does not continue") && $0.contains("forked") })
    }

    /// Of forks that come at once no more than one is ever cosigned.
    @Test func attack71_twoHistoriesAtOnce() async throws {
        let place = try Place()
        var log = try TestLog()
        log.grow(to: 20)
        try place.make([log.signer.verifierKey])
        try await place.serving { port in
            _ = try await place.ask(log.request(from: 0, to: 5), at: port)
            let histories = try (5..<20).map { try log.forked(at: $0).request(from: 5, to: 20) }
            let cosigned = try await withThrowingTaskGroup(of: Bool.self) { group in
                for history in histories {
                    group.addTask {
                        if case .cosigned = try await place.ask(history, at: port) { true } else { false }
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(cosigned == 1)
            for history in histories {
                if case .cosigned = try await place.ask(history, at: port) { Issue.record("cosigned twice") }
            }
        }
    }

    @Test func aClockThatWentBackSignsNothing() async throws {
        let place = try Place()
        var log = try TestLog()
        log.grow(to: 9)
        try place.make([log.signer.verifierKey])
        try await place.serving { port in _ = try await place.ask(log.request(from: 0, to: 5), at: port) }
        let early = Date.now.addingTimeInterval(-86_400)
        try await place.serving(now: { early }) { port in
            try await place.expect(.refused(status: 503), to: log.request(from: 5, to: 9), at: port)
        }
        #expect(try SignedCheckpoint(parsing: kept(place, log)).claimed.size == 5)
    }

    /// What it has seen is taken from it, put back or changed: it does not serve.
    @Test func attack71_aWitnessWithoutItsMemoryDoesNotServe() async throws {
        let place = try Place()
        var log = try TestLog()
        log.grow(to: 9)
        try place.make([log.signer.verifierKey])
        try await place.serving { port in _ = try await place.ask(log.request(from: 0, to: 5), at: port) }
        let file = URL(filePath: place.directory.seen(log.signer.verifierKey.name))
        let bytes = try Data(contentsOf: file)
        try Data(log.checkpoint(5).bytes).write(to: file)
        await #expect(throws: (any Error).self) { try await place.serving { _ in } }
        // As after a power cut on a disk that had not written it yet.
        try Data().write(to: file)
        await #expect(throws: (any Error).self) { try await place.serving { _ in } }
        try FileManager.default.removeItem(at: file)
        await #expect(throws: (any Error).self) { try await place.serving { _ in } }
        // Setting it up again does not make it forget.
        try place.make([log.signer.verifierKey])
        #expect(!FileManager.default.fileExists(atPath: file.path))
        try bytes.write(to: file)
        try await place.serving { port in
            try await place.expect(.otherSize(5), to: log.request(from: 0, to: 9), at: port)
        }
    }

    /// A ledger that was restored is another history: refused until the witness's people take it, and that stays noted.
    @Test func whatWasRestoredIsRefusedUntilItsPeopleAccept() async throws {
        let place = try Place()
        var log = try TestLog()
        log.grow(to: 9)
        var thief = try TestLog()
        thief.grow(to: 9)
        var restored = log.forked(at: 4)
        restored.grow(to: 12)
        try place.make([log.signer.verifierKey])
        try await place.serving { port in
            _ = try await place.ask(log.request(from: 0, to: 9), at: port)
            try await place.expect(.otherSize(9), to: restored.request(from: 4, to: 6), at: port)
            try await place.expect(.refused(status: 422), to: restored.request(from: 9, to: 12), at: port)
        }
        let (bob, reason) = (try #require(Label("bob")), try #require(Remark("alice told me, ticket 12")))
        let now = Int64(Date.now.timeIntervalSince1970)
        func accept(_ checkpoint: SignedCheckpoint, _ seen: Int) throws -> Result<HistoryCut, HistoryRefusal> {
            try place.directory.accept(checkpoint, insteadOf: seen, by: bob, reason: reason, now: now)
        }
        let before = try kept(place, log)
        #expect(try accept(restored.checkpoint(6), 8) == .failure(.otherSize(seen: 9, given: 8)))
        #expect(try accept(log.checkpoint(9), 9) == .failure(.same(size: 9)))
        guard case .failure(.checkpoint(.notSigned)) = try accept(thief.checkpoint(6), 9) else {
            Issue.record("accepted what the log has not signed")
            return
        }
        #expect(try kept(place, log) == before)
        #expect(try place.directory.watched().map(\.cuts) == [[]])

        let cut = try accept(restored.checkpoint(6), 9).get()
        let (given, taken) = try cut.checkpoints()
        #expect(cut.by == bob && cut.at == now)
        #expect(try given == log.checkpoint(9).claimed && taken == restored.checkpoint(6).claimed)
        // Cut off before the checkpoint was in its place, or put back: what was given up is not taken up again.
        let file = URL(filePath: place.directory.seen(log.signer.verifierKey.name))
        try Data(before).write(to: file)
        let watched = try #require(try place.directory.watched().first)
        #expect(watched.cuts == [cut] && watched.last?.checkpoint == taken)
        try await place.serving { port in
            try await place.expect(.otherSize(6), to: log.request(from: 9, to: 9), at: port)
            guard case .cosigned = try await place.ask(restored.request(from: 6, to: 12), at: port) else {
                Issue.record("not cosigned")
                return
            }
        }
        #expect(try place.directory.watched().map(\.cuts) == [[cut]])
        // Of several that were given up none is taken up again.
        let third = restored.forked(at: 7)
        let later = Int64(Date.now.timeIntervalSince1970)
        let second = try place.directory.accept(
            third.checkpoint(10),
            insteadOf: 12,
            by: bob,
            reason: reason,
            now: later
        ).get()
        try Data(before).write(to: file)
        let again = try #require(try place.directory.watched().first)
        #expect(again.cuts == [cut, second])
        #expect(try again.last?.checkpoint == third.checkpoint(10).claimed)
        // Without the notes, or with others, nobody knows what it has given up.
        try Data("[]".utf8).write(to: URL(filePath: file.path + ".cuts"))
        await #expect(throws: (any Error).self) { try await place.serving { _ in } }
    }

    /// Whoever can write where it remembers, or read its keys, can have it say two things, or say them himself.
    @Test func itDoesNotServeOutOfWhatOthersMayOpen() async throws {
        let place = try Place()
        try place.make([])
        let ways = [
            (place.directory.path, 0o700), (place.directory.tlsKey, 0o600), (place.directory.authorityKey, 0o600),
        ]
        for (path, mode) in ways {
            for others in [0o004, 0o020] {
                try FileManager.default.setAttributes([.posixPermissions: mode | others], ofItemAtPath: path)
                await #expect(throws: (any Error).self, "\(path)") { try await place.serving { _ in } }
            }
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        }
        try await place.serving { _ in }
    }

    /// A key without what it has signed for is a witness that might sign for something else.
    @Test func whereItsConfigurationAndWhatItSawAreGoneItIsNotMadeAgain() throws {
        let place = try Place()
        let log = try TestLog()
        let key = try place.make([log.signer.verifierKey])
        let (configuration, seen) = (place.directory.configuration, place.directory.seen(log.signer.verifierKey.name))
        // As of a first run that was cut off at its end: nothing of it is lost.
        try FileManager.default.removeItem(atPath: configuration)
        #expect(try place.make([log.signer.verifierKey]) == key)
        for file in [configuration, seen] { try FileManager.default.removeItem(atPath: file) }
        #expect(throws: (any Error).self) { try place.make([log.signer.verifierKey]) }
        #expect(!FileManager.default.fileExists(atPath: seen))
    }

    @Test func setUpAgainItReplacesNothing() throws {
        let place = try Place()
        let (first, second) = (try TestLog("a/ledger"), try TestLog("b/ledger"))
        let key = try place.make([first.signer.verifierKey])
        #expect(try place.make([first.signer.verifierKey]) == key)
        #expect(try place.make([second.signer.verifierKey]) == key)
        #expect(try place.directory.read().logs.count == 2)
        #expect(try kept(place, second) == nothing(of: second))
        #expect(throws: (any Error).self) { try place.make([], name: "another") }
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: place.directory.key)
        #expect(throws: (any Error).self) { try place.make([]) }
    }

    @Test func moreLedgersThanAWitnessWatchesAreRefused() throws {
        let keys = try (0..<257).map { try TestLog("ledger/\($0)").signer.verifierKey }
        func parsed(_ keys: [VerifierKey]) throws -> WitnessConfiguration {
            let configuration = WitnessConfiguration(
                name: "witness.example/w1",
                listen: "127.0.0.1:8447",
                hosts: ["localhost"],
                logs: keys
            )
            return try WitnessConfiguration(parsing: EditedJSON.encode(configuration))
        }
        #expect(try parsed(Array(keys.dropLast())).logs.count == 256)
        #expect(throws: MessageError.self) { try parsed(keys) }
        #expect(throws: MessageError.self) { try parsed([keys[0], keys[0]]) }
    }

    /// Each would read what is there, and write that with its own ledgers added.
    @Test func ofTwoWhoAddToItAtOnceOneIsRefused() throws {
        let place = try Place()
        let (first, second) = (try TestLog("a/ledger"), try TestLog("b/ledger"))
        try place.make([first.signer.verifierKey])
        let lock = try place.directory.locked()
        let refused = #expect(throws: SetupError.self) { try place.make([second.signer.verifierKey]) }
        #expect(refused?.message == "a witness serves \(place.directory.path), or somebody changes it")
        #expect(try place.directory.read().logs.count == 1)
        lock.release()
        try place.make([second.signer.verifierKey])
        #expect(try place.directory.read().logs.count == 2)
    }
}
