import FoundationEssentials
import GRDB
public import Messages
public import UpdateTrust
public import VerifierStore

/// Rollouts, and how many updates came to what under them.
enum Rollouts {
    static func revision(of release: ContentDigest, _ db: Database) throws -> Int64? {
        try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT revision FROM rollout WHERE manifest = ?"),
            arguments: [Data(release.bytes)]
        )
    }

    static func staged(_ release: ContentDigest, _ db: Database) throws -> StagedRollout? {
        let statement = try db.cachedStatement(sql: "SELECT body, confirmed, failed FROM rollout WHERE manifest = ?")
        guard let row = try Row.fetchOne(statement, arguments: [Data(release.bytes)]) else { return nil }
        do throws(MessageError) {
            return StagedRollout(rollout: try Rollout(parsing: row.bytes(0)), confirmed: row[1], failed: row[2])
        } catch {
            throw StoreError.damaged("the rollout of a release cannot be read: \(error)")
        }
    }

    /// - Parameter index: where its entry will stand on the ledger.
    static func apply(_ change: RolloutChange, at index: Int, _ db: Database) throws -> StoreOutcome? {
        let rollout = change.rollout
        let manifest = Data(rollout.release.bytes)
        guard try revision(of: rollout.release, db) == change.replacing else { return .stale }
        let body = Data(try CanonicalJSON.encode(rollout))
        guard change.replacing != nil else {
            guard try SQLiteStore.standing(of: rollout.release, db) != nil else { return .conflict(.missing) }
            try db.execute(
                sql: """
                    INSERT INTO rollout (manifest, revision, body, since, confirmed, failed) VALUES (?, ?, ?, ?, 0, 0)
                    """,
                arguments: [manifest, rollout.revision, body, index]
            )
            return nil
        }
        try db.execute(
            sql: "UPDATE rollout SET revision = ?, body = ? WHERE manifest = ?",
            arguments: [rollout.revision, body, manifest]
        )
        if change.restartsCounting {
            try db.execute(
                sql: "UPDATE rollout SET since = ?, confirmed = 0, failed = 0 WHERE manifest = ?",
                arguments: [index, manifest]
            )
        }
        return nil
    }

    /// Counts an update that goes from one stage to the next, when its grant is among those that are counted.
    /// - Parameter entry: where the grant stands on the ledger.
    static func count(
        _ release: ContentDigest,
        entry: Int?,
        from before: UpdateOutcome?,
        to after: UpdateOutcome?,
        _ db: Database
    ) throws {
        guard let entry, before != after else { return }
        func change(_ outcome: UpdateOutcome) -> Int { (after == outcome ? 1 : 0) - (before == outcome ? 1 : 0) }
        try db.cachedStatement(
            sql: "UPDATE rollout SET confirmed = confirmed + ?, failed = failed + ? WHERE manifest = ? AND since <= ?"
        ).execute(arguments: [change(.confirmed), change(.failed), Data(release.bytes), entry])
    }

    /// Halts the rollouts that failed once too often by what these entries say.
    /// - Parameter index: where the first halt's entry will stand on the ledger.
    static func halt(after entries: [WrittenEntry], at index: Int, _ db: Database) throws -> [RolloutChange] {
        var halted: [RolloutChange] = []
        for written in entries {
            guard let step = written.updateStep, step.step.stage.outcome != nil,
                let change = try staged(step.manifest, db)?.halted(at: written.entry.at, by: written.entry.actor)
            else { continue }
            if try apply(change, at: index + halted.count, db) == nil { halted.append(change) }
        }
        return halted
    }
}

extension SQLiteStore {
    public func rollout(of release: ContentDigest) async throws(StoreError) -> StagedRollout? {
        try await read { db in try Rollouts.staged(release, db) }
    }
}
