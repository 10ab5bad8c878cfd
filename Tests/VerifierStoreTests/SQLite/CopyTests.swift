import FoundationEssentials
import Ledger
import Messages
import StoreSQLite
import TemporaryDirectories
import Testing
import UpdateTrust
import VerifierStore

/// A copy of the record is as one commit left it, whoever writes meanwhile.
@Suite struct CopyTests {
    let directory: TemporaryDirectory
    let key: LedgerKey

    init() throws {
        directory = try TemporaryDirectory()
        key = try LedgerKey()
    }

    private func write(_ store: SQLiteStore, _ numbers: Range<Int>) async throws {
        for number in numbers { _ = try await store.commit([try Fixture.policy("p\(number)")], sealer: key.sealer) }
    }

    /// Opens a copy, and holds its ledger to its checkpoint.
    private func expectWhole(_ path: String, _ head: LedgerHead) async throws {
        let store = try SQLiteStore.open(at: path)
        #expect(try await store.ledgerHead() == head)
        let entries = try await store.ledgerEntries(0..<head.size + 1)
        #expect(entries.count == head.size)
        var frontier = TreeFrontier()
        for entry in entries { _ = frontier.append(entry.leafHash) }
        let signed = try SignedCheckpoint(parsing: try head.checkpoint.found())
        let checkpoint = try signed.verify(logKey: key.signer.verifierKey).get().checkpoint
        #expect(checkpoint.size == head.size && checkpoint.root == frontier.root)
        // It goes on from there, as any record does.
        try await write(store, 1000..<1001)
        #expect(try await store.ledgerHead().size == head.size + 1)
        try store.close()
    }

    private func emptyFile(_ name: String) throws -> String {
        let path = "\(directory.path)/\(name)"
        let isMade = FileManager.default.createFile(
            atPath: path,
            contents: nil,
            attributes: [.posixPermissions: 0o600]
        )
        #expect(isMade)
        return path
    }

    @Test func copiesOfALiveRecordAreWhole() async throws {
        let store = try SQLiteStore.create(at: directory.database)
        let birth = try Fixture.birth(try Fixture.record(1))
        _ = try await store.commit([.birth(birth)], sealer: key.sealer)
        // As another process would.
        let other = try SQLiteStore.open(at: directory.database)
        async let writing: Void = write(store, 0..<100)
        var copies: [(path: String, head: LedgerHead)] = []
        for number in 0..<4 {
            let path = try emptyFile("copy-\(number)")
            copies.append((path, try await other.copy(into: path)))
        }
        try await writing
        #expect(try await store.ledgerHead().size == 101)
        for copy in copies {
            try await expectWhole(copy.path, copy.head)
            let mode = try FileManager.default.attributesOfItem(atPath: copy.path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
    }

    @Test func nothingIsWrittenOver() async throws {
        let store = try SQLiteStore.create(at: directory.database)
        try await write(store, 0..<1)
        let path = try emptyFile("copy")
        _ = try await store.copy(into: path)
        await #expect(throws: StoreError.self) { try await store.copy(into: path) }
        let head = try await store.ledgerHead()
        #expect(try await SQLiteStore.head(at: path) == head)
    }

    /// Looking at how far a database goes leaves it as it is.
    @Test func lookingChangesNothing() async throws {
        let store = try SQLiteStore.create(at: directory.database)
        try await write(store, 0..<3)
        let path = try emptyFile("copy")
        let head = try await store.copy(into: path)
        let before = FileManager.default.contents(atPath: path)
        #expect(try await SQLiteStore.head(at: path) == head)
        #expect(before != nil && FileManager.default.contents(atPath: path) == before)
        await #expect(throws: StoreError.self) { try await SQLiteStore.head(at: directory.path + "/none") }
        #expect(!FileManager.default.fileExists(atPath: directory.path + "/none"))
    }
}
