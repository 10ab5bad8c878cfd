import FoundationEssentials
import GRDB
public import Messages
public import UpdateTrust
public import VerifierStore

/// Grants, and how far the updates came that they are for; the ledger has it too, in an order that nobody wants to search.
enum Updates {
    static func insert(_ grant: StoredGrant, of instance: InstanceID, entry: Int?, _ db: Database) throws {
        try db.cachedStatement(
            sql: """
                INSERT INTO grant_given (jti, instance, compact, expires, manifest, stage, entry, tier, kid)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(
            arguments: [
                grant.jti, instance.text, grant.compact, grant.expires, Data(grant.manifest.bytes),
                UpdateStage.granted.rawValue, entry, grant.tier.rawValue, grant.kid,
            ])
    }

    static func note(_ entries: [WrittenEntry], _ db: Database) throws {
        for (jti, manifest, step) in entries.compactMap(\.updateStep) {
            try db.cachedStatement(sql: "INSERT OR REPLACE INTO update_step (jti, stage, at) VALUES (?, ?, ?)")
                .execute(arguments: [jti, step.stage.rawValue, step.at])
            // A grant that is given now was in no stage before; its row is written after this, and has its stage.
            guard step.stage != .granted else { continue }
            try count(jti, manifest, in: step.stage, db)
            try db.cachedStatement(sql: "UPDATE grant_given SET stage = ? WHERE jti = ?")
                .execute(arguments: [step.stage.rawValue, jti])
        }
    }

    private static func count(
        _ jti: String,
        _ manifest: ContentDigest,
        in stage: UpdateStage,
        _ db: Database
    ) throws {
        let known = try Row.fetchOne(
            db.cachedStatement(sql: "SELECT stage, entry FROM grant_given WHERE jti = ?"),
            arguments: [jti]
        )
        guard let known, let before = (known[0] as String?).flatMap({ UpdateStage(rawValue: $0) }) else { return }
        try Rollouts.count(manifest, entry: known[1], from: before.outcome, to: stage.outcome, db)
    }
}

extension SQLiteStore {
    public func updates(
        _ query: UpdateQuery,
        before: Int64?,
        limit: Int
    ) async throws(StoreError) -> [StoredUpdate] {
        let (column, value): (String, any DatabaseValueConvertible & Sendable) =
            switch query {
            case .instance(let instance): ("instance", instance.text)
            case .release(let manifest): ("manifest", Data(manifest.bytes))
            }
        return try await read { db in
            // Grants from before their updates were followed have no stage.
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT rowid, jti, instance, manifest, stage, tier FROM grant_given
                    WHERE \(column) = ? AND rowid < ? AND stage IS NOT NULL ORDER BY rowid DESC LIMIT ?
                    """,
                arguments: [value, before ?? Int64.max, limit]
            )
            return try rows.map { row in
                guard let instance = InstanceID(row[2] as String), let manifest = ContentDigest(bytes: row.bytes(3)),
                    let stage = UpdateStage(rawValue: row[4] as String)
                else { throw StoreError.damaged("an update cannot be read") }
                return StoredUpdate(
                    number: row[0],
                    jti: row[1],
                    instance: instance,
                    manifest: manifest,
                    tier: (row[5] as String?).flatMap { Tier(rawValue: $0) },
                    stage: stage,
                    steps: try Self.steps(of: row[1], db)
                )
            }
        }
    }

    private static func steps(of jti: String, _ db: Database) throws -> [StoredUpdate.Step] {
        let statement = try db.cachedStatement(sql: "SELECT stage, at FROM update_step WHERE jti = ?")
        let steps = try Row.fetchAll(statement, arguments: [jti]).compactMap { row in
            UpdateStage(rawValue: row[0] as String).map { StoredUpdate.Step(stage: $0, at: row[1]) }
        }
        // Of two stages in one second the one that comes later in an update is the later one.
        let order = Dictionary(uniqueKeysWithValues: UpdateStage.allCases.enumerated().map { ($1, $0) })
        return steps.sorted { ($0.at, order[$0.stage] ?? 0) < ($1.at, order[$1.stage] ?? 0) }
    }

    public func updateTiers(of release: ContentDigest) async throws(StoreError) -> [Tier: Int] {
        try await read { db in
            let rows = try Row.fetchAll(
                db,
                sql: "SELECT tier, count(*) FROM grant_given WHERE manifest = ? AND tier IS NOT NULL GROUP BY tier",
                arguments: [Data(release.bytes)]
            )
            var counts: [Tier: Int] = [:]
            for row in rows {
                if let tier = Tier(rawValue: row[0] as String) { counts[tier] = row[1] }
            }
            return counts
        }
    }

    public func updateCounts(of release: ContentDigest) async throws(StoreError) -> [UpdateStage: Int] {
        try await read { db in
            let rows = try Row.fetchAll(
                db,
                sql: "SELECT stage, count(*) FROM grant_given WHERE manifest = ? AND stage IS NOT NULL GROUP BY stage",
                arguments: [Data(release.bytes)]
            )
            var counts: [UpdateStage: Int] = [:]
            for row in rows {
                if let stage = UpdateStage(rawValue: row[0] as String) { counts[stage] = row[1] }
            }
            return counts
        }
    }
}
