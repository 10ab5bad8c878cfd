import GRDB
import Messages
import TemporaryDirectories
import Testing
import UpdateTrust
import VerifierStore

@testable import StoreSQLite

/// A halt and the failure that causes it are on disk together, or neither is.
@Suite struct RolloutTests {
    @Test func aHaltAndItsCauseAreOneTransaction() async throws {
        let directory = try TemporaryDirectory()
        let key = try LedgerKey()
        let store = try SQLiteStore.create(at: directory.database)
        let release = try await StoreConformance.prepared(store, key).manifest
        let set = try StoreConformance.rolloutAct(.set, 100, haltAfter: 1, of: release, on: nil)
        _ = try await store.commit([.rollout(set)], sealer: key.sealer)
        let granted = try await StoreConformance.granted(1, release, rollout: set.rollout.revision, store, key)
        let before = try await store.ledgerHead()
        func lapse(_ store: SQLiteStore) async throws {
            _ = try await StoreConformance.lapse(granted.instance, at: Fixture.now + 100, store, key)
        }

        // The disk fails at the very last moment, with the update's new stage written already.
        try await store.pool.write { db in
            try db.execute(
                sql: "CREATE TRIGGER fault BEFORE UPDATE OF body ON rollout BEGIN SELECT RAISE(ABORT, 'fault'); END"
            )
        }
        await #expect(throws: StoreError.self) { try await lapse(store) }
        #expect(try await store.rollout(of: release) == StagedRollout(rollout: set.rollout, confirmed: 0, failed: 0))
        #expect(try await store.updateCounts(of: release) == [.granted: 1])
        #expect(try await store.ledgerHead() == before)
        #expect(try await store.due(at: Fixture.now + 100, limit: 1) == [granted.instance], "the sweep comes again")

        try await store.pool.write { db in try db.execute(sql: "DROP TRIGGER fault") }
        try store.close()
        let again = try SQLiteStore.open(at: directory.database)
        try await lapse(again)
        try again.close()
        let last = try SQLiteStore.open(at: directory.database)
        let halted = try await last.rollout(of: release).found()
        #expect(halted.rollout.status == .halted && halted.failed == 1)
        #expect(try await last.ledgerHead().size == before.size + 2)
    }
}
