import Crypto
import DurableFiles
import FoundationEssentials
import Glibc
import Ledger
import LedgerFiles
import Synchronization
import Testing

/// A copy of a ledger in a directory: whole after every kill, and a witness of what was served before.
@Suite struct LedgerMirrorTests {
    private func mirror(_ directory: String) throws -> LedgerMirror {
        LedgerMirror(LedgerDirectory(directory), logKeys: [try ServedLog.logKey])
    }

    @discardableResult
    private func update(_ directory: String, to log: ServedLog) async throws -> Checkpoint {
        try await mirror(directory).update(to: log.checkpoint) { try log.file($0) }
    }

    /// The copy has a checkpoint, and what it is over.
    private func expectWhole(_ directory: String, _ log: ServedLog, at size: Int? = nil) async throws {
        let size = size ?? log.entries.count
        let copy = LedgerDirectory(directory)
        let checkpoint = try #require(try mirror(directory).checkpoint()).checkpoint
        #expect(checkpoint.size == size)
        let tiled = TiledLog(size: size) { try copy.file($0) }
        var entries: [LogEntry] = []
        for bundle in tiled.bundles() { entries += try await tiled.entries(bundle) }
        #expect(entries == Array(log.entries.prefix(size)))
        // The tiles of hashes are read for this, and no entry is.
        #expect(try await tiled.tree(size: size).root() == checkpoint.root)
    }

    @Test func aCopyGrowsWithItsLog() async throws {
        try await withDirectory { directory in
            for size in [0, 3, 3, 255, 256, 300, 512, 1100] {
                let log = try ServedLog(count: size)
                #expect(try await update(directory, to: log).size == size)
                try await expectWhole(directory, log)
            }
            // Partial tiles went when the full ones came.
            #expect(!FileManager.default.fileExists(atPath: directory + "/tile/0/000.p"))
            #expect(!FileManager.default.fileExists(atPath: directory + "/tile/entries/000.p"))
        }
    }

    @Test func whatIsThereIsNotFetchedAgain() async throws {
        try await withDirectory { directory in
            try await update(directory, to: ServedLog(count: 600))
            let log = try ServedLog(count: 700)
            let fetched = Mutex<[String]>([])
            _ = try await mirror(directory).update(to: log.checkpoint) { path in
                fetched.withLock { $0.append(path) }
                return try log.file(path)
            }
            #expect(fetched.withLock { $0 } == ["tile/entries/002.p/188"])
        }
    }

    /// Two at once, by a timetable that is too tight: the one that began before does not take the other one back.
    @Test func aRunThatWasOvertakenTakesNothingBack() async throws {
        try await withDirectory { directory in
            try await update(directory, to: ServedLog(count: 10))
            let (older, newer) = (try ServedLog(count: 300), try ServedLog(count: 600))
            let other = try mirror(directory)
            let isFirst = Mutex(true)
            let held = try await mirror(directory).update(to: older.checkpoint) { path in
                let begins = isFirst.withLock { first in
                    defer { first = false }
                    return first
                }
                if begins { _ = try await other.update(to: newer.checkpoint) { try newer.file($0) } }
                return try older.file(path)
            }
            #expect(held.size == 600)
            try await expectWhole(directory, newer)
        }
    }

    /// A copy may come from anybody.
    @Test(.timeLimit(.minutes(20))) func aPipeInACopyIsNotWaitedFor() async throws {
        try await withDirectory { directory in
            try await update(directory, to: ServedLog(count: 3))
            let name = "tile/entries/000.p/3"
            let path = directory + "/" + name
            try FileManager.default.removeItem(atPath: path)
            let isMade = unsafe mkfifo(path, 0o600) == 0
            try #require(isMade)
            #expect(throws: FileError(.pipe, .read, path)) { try LedgerDirectory(directory).file(name) }
        }
    }

    /// A copy among somebody's files could not be told from them any more.
    @Test func aDirectoryOfOtherFilesIsLeftAsItIs() async throws {
        try await withDirectory { directory in
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            try AtomicFile.write([1], to: directory + "/letter")
            let log = try ServedLog(count: 300)
            await #expect(throws: LedgerMirror.Refusal.foreign(path: directory)) {
                try await update(directory, to: log)
            }
            #expect(try DirectoryEntries.names(in: directory) == ["letter"])
            // What one that was killed leaves is no other file; nor is what somebody puts beside a whole copy.
            try AtomicFile.remove(directory + "/letter")
            try AtomicFile.write([1], to: directory + "/checkpoint.new.1.2")
            try await update(directory, to: log)
            try AtomicFile.write([1], to: directory + "/index.html")
            try await update(directory, to: log)
            try await expectWhole(directory, log)
        }
    }

    private struct Cut: Error {}

    @Test func aKillAtEveryFetchLeavesTheCopyWhole() async throws {
        let before = try ServedLog(count: 300)
        let log = try ServedLog(count: 1000)
        for strike in 0..<3 {
            try await withDirectory { directory in
                try await update(directory, to: before)
                let left = Mutex(strike)
                await #expect(throws: Cut.self) {
                    try await mirror(directory).update(to: log.checkpoint) { path in
                        let isLast = left.withLock { left in
                            left -= 1
                            return left < 0
                        }
                        if isLast { throw Cut() }
                        return try log.file(path)
                    }
                }
                try await expectWhole(directory, log, at: 300)
                try await update(directory, to: log)
                try await expectWhole(directory, log)
            }
        }
    }

    @Test func whatALiarLeftIsFetchedAgain() async throws {
        try await withDirectory { directory in
            let log = try ServedLog(count: 600)
            let liar = try ServedLog(count: 600, salt: 1)
            // Entries that are not those of the checkpoint: the full bundles stay, and speak for nothing.
            await #expect(throws: LedgerMirror.Refusal.notSigned(size: 600)) {
                try await mirror(directory).update(to: log.checkpoint) { try liar.file($0) }
            }
            #expect(try mirror(directory).checkpoint() == nil)
            try await update(directory, to: log)
            try await expectWhole(directory, log)
        }
    }

    @Test func attack71_aCopyCatchesACutOrRewrittenLedger() async throws {
        try await withDirectory { directory in
            let log = try ServedLog(count: 600)
            try await update(directory, to: log)

            let cut = try ServedLog(count: 599)
            await #expect(throws: LedgerMirror.Refusal.log(.truncated(seen: 600, offered: 599))) {
                try await update(directory, to: cut)
            }
            for place in [0, 300, 599] {
                for size in [600, 601, 900] {
                    var entries = try ServedLog(count: size).entries
                    entries[place] = try LogEntry([0])
                    let forked = ServedLog(entries)
                    await #expect(throws: LedgerMirror.Refusal.log(.forked(seen: 600, offered: size))) {
                        try await update(directory, to: forked)
                    }
                    try await expectWhole(directory, log)
                }
            }
            // None of it is in the way of the log that goes on.
            let grown = try ServedLog(count: 900)
            try await update(directory, to: grown)
            try await expectWhole(directory, grown)
        }
    }

    @Test func aDamagedCopyIsNotTakenForAForkedLedger() async throws {
        try await withDirectory { directory in
            let log = try ServedLog(count: 600)
            try await update(directory, to: log)
            let path = directory + "/tile/entries/001"
            var bytes = try BoundedFile.read(path, limit: LedgerDirectory.maximumFileSize)
            bytes[40] ^= 1
            try AtomicFile.write(bytes, to: path)
            let grown = try ServedLog(count: 700)
            await #expect(throws: LedgerMirror.Refusal.damaged(path: directory)) {
                try await update(directory, to: grown)
            }
            try AtomicFile.write(Array(bytes.dropLast()), to: path)
            await #expect(throws: LedgerMirror.Refusal.damaged(path: directory)) {
                try await update(directory, to: grown)
            }
        }
    }

    @Test func anotherKeysCheckpointIsNotTaken() async throws {
        try await withDirectory { directory in
            let log = try ServedLog(count: 3)
            try await update(directory, to: log)
            let stranger = try CheckpointSigner(origin: "log.example", privateKey: .init())
            let grown = try ServedLog(count: 4)
            let signed = try stranger.sign(size: 4, root: grown.root)
            let key = try ServedLog.logKey.description
            await #expect(throws: LedgerMirror.Refusal.log(.logSignatureMissing(key: key))) {
                try await mirror(directory).update(to: signed) { try grown.file($0) }
            }
            try await expectWhole(directory, log)
        }
    }
}
