import Crypto
import FoundationEssentials
import Ledger
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

    @Test func itCosignsWhatItKeeps() async throws {
        let place = try Place()
        var log = try TestLog()
        log.grow(to: 9)
        let key = try place.make([log.signer.verifierKey])
        #expect(key.kind == .witness && key.name == "witness.example/w1")
        #expect(try mode(place.directory.key) == 0o600 && kept(place, log) == [])
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

    @Test func setUpAgainItReplacesNothing() throws {
        let place = try Place()
        let (first, second) = (try TestLog("a/ledger"), try TestLog("b/ledger"))
        let key = try place.make([first.signer.verifierKey])
        #expect(try place.make([first.signer.verifierKey]) == key)
        #expect(try place.make([second.signer.verifierKey]) == key)
        #expect(try place.directory.read().logs.count == 2)
        #expect(try kept(place, second) == [])
        #expect(throws: (any Error).self) { try place.make([], name: "another") }
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: place.directory.key)
        #expect(throws: (any Error).self) { try place.make([]) }
    }
}
