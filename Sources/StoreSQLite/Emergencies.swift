import FoundationEssentials
import GRDB
public import Messages
public import UpdateTrust
public import VerifierStore

/// What people have declared that cannot wait; it is over by itself.
enum Emergencies {
    static func apply(_ emergency: Emergency, _ entry: WrittenEntry, _ db: Database) throws -> StoreOutcome? {
        guard try SQLiteStore.standing(of: emergency.release, db) != nil else { return .conflict(.missing) }
        try db.execute(
            sql: "INSERT INTO emergency (entry, manifest, until, body) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            arguments: [
                Data(entry.digest.bytes), Data(emergency.release.bytes), emergency.until,
                Data(try CanonicalJSON.encode(emergency)),
            ]
        )
        // Who says the same twice within a second has said it once.
        return db.changesCount == 0 ? .known : nil
    }

    static func fetch(at now: Int64, _ db: Database) throws -> [RecordedEmergency] {
        let statement = try db.cachedStatement(sql: "SELECT entry, body FROM emergency WHERE until > ? ORDER BY rowid")
        return try Row.fetchAll(statement, arguments: [now]).map { row in
            guard let entry = ContentDigest(bytes: row.bytes(0)),
                let emergency = try? CanonicalJSON.decode(
                    Emergency.self,
                    from: row.bytes(1),
                    limit: Emergency.maximumSize
                )
            else { throw StoreError.damaged("an emergency cannot be read") }
            return RecordedEmergency(emergency, entry: entry)
        }
    }
}

extension SQLiteStore {
    public func emergencies(of release: ContentDigest?, at now: Int64) async throws(StoreError) -> [RecordedEmergency] {
        try await read { db in
            let all = try Emergencies.fetch(at: now, db)
            guard let release else { return all }
            return all.filter { $0.emergency.release == release }
        }
    }
}
