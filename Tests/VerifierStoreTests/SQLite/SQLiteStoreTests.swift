import FoundationEssentials
import GRDB
import Ledger
import Messages
import TemporaryDirectories
import Testing
import UpdateTrust
import VerifierStore

@testable import StoreSQLite

/// What SQLite's store owes beside the contract: files, what another process does to them, and what it remembers.
@Suite struct SQLiteStoreTests {
    let directory: TemporaryDirectory
    let key: LedgerKey

    init() throws {
        directory = try TemporaryDirectory()
        key = try LedgerKey()
    }

    @Test func writerSynchronisesEveryCommit() async throws {
        for store in [try SQLiteStore.create(at: directory.database), try SQLiteStore.open(at: directory.database)] {
            let (synchronous, journal) = try await store.pool.writeWithoutTransaction { db in
                (try Int.fetchOne(db, sql: "PRAGMA synchronous"), try String.fetchOne(db, sql: "PRAGMA journal_mode"))
            }
            #expect(synchronous == 2)
            #expect(journal == "wal")
        }
    }

    @Test func filesAreTheOwnersAlone() async throws {
        let store = try SQLiteStore.create(at: directory.database)
        _ = try await store.commit([try Fixture.policy("p")], sealer: key.sealer)
        for suffix in ["", "-wal", "-shm"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: directory.database + suffix)
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(suffix)")
        }
    }

    @Test func survivesBeingOpenedAgain() async throws {
        var store = try SQLiteStore.create(at: directory.database)
        let record = try Fixture.record(1)
        _ = try await store.commit([.birth(try Fixture.birth(record)), try Fixture.policy("p")], sealer: key.sealer)
        let head = try await store.ledgerHead()
        let witnessed = try head.checkpoint.found() + Array("a witness's line\n".utf8)
        try await store.keep(witnessed: witnessed)
        try store.close()
        store = try SQLiteStore.open(at: directory.database)
        #expect(try await store.ledgerHead() == head)
        #expect(try await store.witnessedCheckpoint() == witnessed)
        #expect(try await store.policy()?.bytes == Array("p".utf8))
        // The tail is taken up from what is stored, not from memory.
        let receipt = try await store.commit([try Fixture.policy("q")], sealer: key.sealer)
        let sealed = try receipt.ledger.found()
        let proof = try sealed.proof(of: 2)
        let entry = try LogEntry(try Fixture.entry("q").bytes)
        #expect(throws: Never.self) { try proof.verify(entry: entry, logKey: key.signer.verifierKey).get() }
    }

    // MARK: What is remembered

    /// Two stores on one file: what one remembers is refused as stale once the other has changed it, and then read again.
    @Test func whatAnotherProcessChangedIsNoticed() async throws {
        let store = try SQLiteStore.create(at: directory.database)
        let birth = try Fixture.birth(try Fixture.record(1))
        let state = birth.transition.state
        _ = try await store.commit([.birth(birth)], sealer: key.sealer)
        let other = try SQLiteStore.open(at: directory.database)
        let suspension = try Fixture.act(.suspend, on: state)
        _ = try await other.commit([.act(suspension, replacing: state.version)], sealer: key.sealer)
        let late = StoreChange.act(suspension, replacing: state.version)
        #expect(try await store.commit([late], sealer: key.sealer).outcomes == [.stale])
        #expect(try await store.snapshot(of: state.instance, release: nil)?.state == suspension.state)
        #expect(store.memory.snapshot(of: state.instance, release: nil)?.state == suspension.state)
    }

    @Test func nothingIsRememberedOfACommitThatFailed() async throws {
        let store = try SQLiteStore.create(at: directory.database)
        let birth = try Fixture.birth(try Fixture.record(1), log: [1])
        let state = birth.transition.state
        _ = try await store.commit([.birth(birth)], sealer: key.sealer)
        #expect(store.memory.snapshot(of: state.instance, release: nil)?.state == state)
        #expect(store.memory.holdsLog(ContentDigest(of: [1])))
        try await store.pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA query_only = ON") }
        let suspension = StoreChange.act(try Fixture.act(.suspend, on: state), replacing: state.version)
        await #expect(throws: StoreError.self) { try await store.commit([suspension], sealer: key.sealer) }
        #expect(store.memory.snapshot(of: state.instance, release: nil) == nil)
        #expect(!store.memory.holdsLog(ContentDigest(of: [1])))
        #expect(try await store.snapshot(of: state.instance, release: nil)?.state == state)
    }

    /// A reader that was overtaken by a commit must not put back what it read before; nor may an older commit.
    @Test func whatWasOvertakenIsNotRemembered() throws {
        let memory = RecordMemory()
        let state = try Fixture.birth(try Fixture.record(1)).transition.state
        let suspension = try Fixture.act(.suspend, on: state)
        let change = StoreChange.act(suspension, replacing: state.version)
        let before = memory.generation
        memory.committed([change], CommitReceipt(outcomes: [.committed(at: 1)], ledger: nil), size: 2)
        memory.keep(DecisionSnapshot(state: state, standings: [:]), of: nil, readAt: before)
        #expect(memory.snapshot(of: state.instance, release: nil)?.state == suspension.state)
        let receipt = CommitReceipt(outcomes: [.committed(at: 0)], ledger: nil)
        memory.committed([try Fixture.policy("p")], receipt, size: 1)
        #expect(memory.snapshot(of: state.instance, release: nil) == nil)
        memory.keep(DecisionSnapshot(state: state, standings: [:]), of: nil, readAt: memory.generation)
        #expect(memory.snapshot(of: state.instance, release: nil)?.state == state)
        #expect(memory.snapshot(of: state.instance, release: ContentDigest(of: [])) == nil)
    }

    // MARK: What is refused at opening

    private func refusal(_ open: () throws -> SQLiteStore) -> StoreError? {
        do {
            _ = try open()
            return nil
        } catch { return error as? StoreError }
    }

    @Test func refusesToBeginAnewSilently() throws {
        let error = try refusal { try SQLiteStore.open(at: directory.database) }.found()
        #expect(error.code == .missing)
        #expect(error.hint?.contains("init") == true)
        #expect(!FileManager.default.fileExists(atPath: directory.database))
    }

    @Test func refusesToReplaceADatabase() throws {
        _ = try SQLiteStore.create(at: directory.database)
        #expect(refusal { try SQLiteStore.create(at: directory.database) }?.code == .exists)
    }

    @Test func refusesAMissingDirectory() throws {
        let error = refusal { try SQLiteStore.create(at: directory.path + "/none/verifier.sqlite") }
        #expect(error?.code == .notWritable)
        #expect(error?.hint?.contains("directory") == true)
    }

    @Test func refusesANewerSchema() async throws {
        let store = try SQLiteStore.create(at: directory.database)
        try await store.pool.write { db in
            try db.execute(sql: "INSERT INTO grdb_migrations (identifier) VALUES ('999')")
        }
        try store.close()
        let error = try refusal { try SQLiteStore.open(at: directory.database) }.found()
        #expect(error.code == .newerSchema)
        #expect(error.hint != nil)
    }

    /// A record as a program of before left it.
    private func earlier(_ schema: String, _ contents: [(birth: BirthImport, state: InstanceState)]) async throws {
        let pool = try DatabasePool(path: directory.database)
        try Schema.migrator.migrate(pool, upTo: schema)
        try await pool.write { db in
            for (birth, state) in contents {
                try db.execute(
                    sql: """
                        INSERT INTO birth (instance, serial, endorsement_key, record, payload, envelope, imported_at)
                        VALUES (?, ?, ?, ?, ?, ?, 7)
                        """,
                    arguments: [
                        state.instance.text, birth.serial.text, Data(birth.endorsementKey), Data(birth.record.bytes),
                        Data(birth.birth.payload), Data(birth.birth.envelope),
                    ]
                )
                try db.execute(
                    sql: "INSERT INTO state (instance, version, body) VALUES (?, ?, ?)",
                    arguments: [state.instance.text, state.version, Data(try CanonicalJSON.encode(state))]
                )
            }
        }
        try pool.close()
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: directory.database)
    }

    /// A record of before boards could be swapped is taken along.
    @Test func anEarlierSchemaIsBroughtUp() async throws {
        let record = try Fixture.record(1)
        let birth = try Fixture.birth(record)
        try await earlier("1", [(birth, birth.transition.state)])
        let store = try SQLiteStore.open(at: directory.database)
        #expect(try await store.instance(serial: record.serial) == record.instance)
        #expect(try await store.birth(of: record.instance)?.importedAt == 7)
        #expect(try await store.instances(after: nil, limit: 10).map(\.state) == [birth.transition.state])
        #expect(try await store.commit([.birth(birth)], sealer: key.sealer).outcomes == [.known])
        let other = try Fixture.birth(try Fixture.record(2, serial: record.serial.text))
        #expect(
            try await store.commit([.birth(other)], sealer: key.sealer).outcomes == [
                .conflict(.serial(record.instance))
            ]
        )
    }

    /// A service of before may have it open, and could not go on with other tables: only its own program brings it up to date.
    @Test func anEarlierRecordIsLeftToWhoServesIt() async throws {
        try await earlier("17", [])
        func migrations(_ path: String) throws -> Int? {
            let queue = try DatabaseQueue(path: path)
            defer { try? queue.close() }
            return try queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM grdb_migrations") }
        }
        let error = try refusal { try SQLiteStore.open(at: directory.database, earlier: .refused) }.found()
        #expect(error.code == .earlierSchema && error.hint?.contains("start") == true, "\(error)")
        let copied = directory.path + "/copy.sqlite"
        let store = try SQLiteStore.open(at: directory.database, earlier: .copied)
        #expect(try await store.copy(into: copied) == LedgerHead(size: 0, checkpoint: nil))
        try store.close()
        #expect(try migrations(directory.database) == 17 && migrations(copied) == 17)
        try SQLiteStore.open(at: directory.database).close()
        #expect(try migrations(directory.database) == 18)
        try SQLiteStore.open(at: directory.database, earlier: .refused).close()
    }

    /// What entries are about is found out once for a ledger that was written before that was kept.
    @Test func anEarlierLedgerIsSortedByWhatItIsAbout() async throws {
        let store = try SQLiteStore.create(at: directory.database)
        let births = try (1...5).map { StoreChange.birth(try Fixture.birth(try Fixture.record($0))) }
        _ = try await store.commit(births + [try Fixture.policy("policy")], sealer: key.sealer)
        func rows(_ store: SQLiteStore) throws -> [Row] {
            try store.pool.read { db in try Row.fetchAll(db, sql: "SELECT * FROM ledger_subject") }
        }
        let before = try rows(store)
        #expect(before.count == 6)
        try await store.pool.write { db in
            try db.execute(sql: "DROP TABLE ledger_subject; DELETE FROM grdb_migrations WHERE identifier = '11'")
        }
        try store.close()
        let again = try SQLiteStore.open(at: directory.database)
        #expect(try rows(again) == before)
    }

    /// The tree of a record that kept its hashes by level is taken along.
    @Test func anEarlierTreeIsTakenAlong() async throws {
        let store = try SQLiteStore.create(at: directory.database)
        let changes = try (0..<21).map { try Fixture.policy("policy \($0)") }
        let nodes = try (try await store.commit(changes, sealer: key.sealer)).ledger.found().nodes
        try await store.pool.write { db in
            try db.execute(
                sql: """
                    DROP TABLE ledger_node; DELETE FROM grdb_migrations WHERE identifier = '18';
                    CREATE TABLE ledger_node (
                        level INTEGER NOT NULL,
                        number INTEGER NOT NULL,
                        hash BLOB NOT NULL,
                        PRIMARY KEY (level, number)
                    ) STRICT, WITHOUT ROWID
                    """
            )
            for node in nodes {
                try db.execute(
                    sql: "INSERT INTO ledger_node (level, number, hash) VALUES (?, ?, ?)",
                    arguments: [node.level, node.index, Data(node.hash.bytes)]
                )
            }
        }
        try store.close()
        let again = try SQLiteStore.open(at: directory.database)
        #expect(try await again.ledgerNodes(completedBy: 0..<21) == nodes.map(\.hash))
        let next = try (try await again.commit([try Fixture.policy("next")], sealer: key.sealer)).ledger.found()
        #expect(try await again.ledgerNodes(completedBy: 21..<22) == next.nodes.map(\.hash))
        #expect(try await again.ledgerNodes(nodes.map(\.place)) == nodes.map(\.hash))
    }

    /// Instances that were born before there was a status list get their places when the record is opened, once.
    @Test func anEarlierRecordGetsPlacesOnTheStatusList() async throws {
        let births = try (1...20).map { try Fixture.birth(try Fixture.record($0)) }
        let suspension = try Fixture.act(.suspend, on: births[0].transition.state)
        try await earlier(
            "3",
            births.enumerated().map { ($1, $0 == 0 ? suspension.state : $1.transition.state) }
        )
        let store = try SQLiteStore.open(at: directory.database)
        let standings = try await store.standings(after: nil, limit: 100)
        #expect(Set(standings.map(\.index)).count == 20)
        #expect(standings.allSatisfy { (0..<StatusPlaces.minimum).contains($0.index) })
        for birth in births {
            let state = try await store.snapshot(of: birth.transition.state.instance, release: nil).found().state
            let standing = standings.first { $0.instance == state.instance }
            #expect(standing?.standing == InstanceStanding(of: state))
        }
        #expect(standings.count { $0.standing.lifecycle == .suspended } == 1)
        try store.close()
        let again = try SQLiteStore.open(at: directory.database)
        #expect(try await again.standings(after: nil, limit: 100) == standings)
    }

    @Test func refusesSomebodyElsesDatabase() async throws {
        let other = try DatabaseQueue(path: directory.database)
        try await other.write { try $0.execute(sql: "CREATE TABLE song (title TEXT)") }
        try other.close()
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: directory.database)
        #expect(refusal { try SQLiteStore.open(at: directory.database) }?.code == .notOurs)
    }

    @Test func refusesWhatIsNoDatabase() throws {
        let bytes = Data(repeating: 0x41, count: 8192)
        _ = FileManager.default.createFile(
            atPath: directory.database,
            contents: bytes,
            attributes: [.posixPermissions: 0o600]
        )
        #expect(refusal { try SQLiteStore.open(at: directory.database) }?.code == .damaged)
    }

    @Test func refusesAnExposedFile() throws {
        try SQLiteStore.create(at: directory.database).close()
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: directory.database)
        let error = try refusal { try SQLiteStore.open(at: directory.database) }.found()
        #expect(error.code == .exposed)
        #expect(error.hint?.contains("chmod") == true)
    }

    // MARK: What fails while it runs

    @Test func attack63_readOnlyDatabase() async throws {
        let store = try SQLiteStore.create(at: directory.database)
        _ = try await store.commit([try Fixture.policy("p")], sealer: key.sealer)
        let head = try await store.ledgerHead()
        try await store.pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA query_only = ON") }
        await #expect { try await store.commit([try Fixture.policy("q")], sealer: key.sealer) } throws: {
            ($0 as? StoreError)?.code == .notWritable
        }
        #expect(try await store.ledgerHead() == head)
        try await store.pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA query_only = OFF") }
        #expect(try await store.commit([try Fixture.policy("q")], sealer: key.sealer).outcomes == [.committed(at: 1)])
    }

    @Test func attack63_fullDatabase() async throws {
        let store = try SQLiteStore.create(at: directory.database)
        let record = try Fixture.record(1)
        _ = try await store.commit([try Fixture.policy("p")], sealer: key.sealer)
        let head = try await store.ledgerHead()
        try await store.pool.writeWithoutTransaction { db in
            let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
            try db.execute(sql: "PRAGMA max_page_count = \(pages + 1)")
        }
        let births = [StoreChange.birth(try Fixture.birth(record, log: Array(repeating: 1, count: 100_000)))]
        await #expect { try await store.commit(births, sealer: key.sealer) } throws: {
            ($0 as? StoreError)?.code == .noSpace
        }
        #expect(try await store.ledgerHead() == head)
        #expect(try await store.birth(of: record.instance) == nil)
        try await store.pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA max_page_count = 1000000") }
        #expect(try await store.commit(births, sealer: key.sealer).outcomes == [.committed(at: 1)])
    }

    @Test func damagedTreeIsNotExtended() async throws {
        let store = try SQLiteStore.create(at: directory.database)
        let changes = try (0..<3).map { try Fixture.policy("p\($0)") }
        _ = try await store.commit(changes, sealer: key.sealer)
        try await store.pool.write { try $0.execute(sql: "DELETE FROM ledger_node WHERE number = 2") }
        try store.close()
        let again = try SQLiteStore.open(at: directory.database)
        await #expect(throws: StoreError.self) { try await again.commit([try Fixture.policy("q")], sealer: key.sealer) }
        #expect(try await again.ledgerHead().size == 3)
    }

    /// Nobody's commit waits until what was written before is in its place.
    @Test(.timeLimit(.minutes(20))) func theLogIsCopiedBesideTheCommits() async throws {
        let store = try SQLiteStore.create(at: directory.database)
        func size() throws -> Int {
            let attributes = try FileManager.default.attributesOfItem(atPath: directory.database)
            return try #require(attributes[.size] as? Int)
        }
        let before = try size()
        for number in 0..<40 {
            _ = try await store.commit([try Fixture.policy("policy \(number)")], sealer: key.sealer)
        }
        while try size() == before { try await Task.sleep(for: .milliseconds(20)) }
        try store.close()
        let again = try SQLiteStore.open(at: directory.database)
        #expect(try await again.ledgerHead().size == 40)
    }

    @Test func concurrentCommitsKeepOneTree() async throws {
        let store = try SQLiteStore.create(at: directory.database)
        let key = key
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<50 {
                group.addTask {
                    _ = try await store.commit([try Fixture.policy("p\(number)")], sealer: key.sealer)
                }
            }
            try await group.waitForAll()
        }
        let head = try await store.ledgerHead()
        let checkpoint = try SignedCheckpoint(parsing: try head.checkpoint.found())
        var frontier = TreeFrontier()
        for entry in try await store.ledgerEntries(0..<head.size) { _ = frontier.append(entry.leafHash) }
        #expect(head.size == 50)
        #expect(checkpoint.claimed.root == frontier.root)
        #expect(checkpoint.claimed.size == 50)
    }
}
