import FoundationEssentials
import GRDB
public import Messages
import UpdateTrust
public import VerifierStore

/// What stations signed when they restored instances.
extension SQLiteStore {
    func apply(
        _ restoration: StoredRestoration,
        _ transition: Transition,
        _ version: Int64,
        _ db: Database
    ) throws -> StoreOutcome? {
        if let known = try Self.restoration(restoration.number, of: restoration.instance, db) {
            return known.statement == restoration.statement ? .known : .conflict(.restoration)
        }
        guard try !Compromises.hasStolenStation(restoration.envelope, db) else { return .conflict(.compromised) }
        if let obstacle = try replace(transition, version, db) { return obstacle }
        try db.execute(
            sql: """
                INSERT INTO restoration (instance, number, statement, envelope, imported_at) VALUES (?, ?, ?, ?, ?)
                """,
            arguments: [
                restoration.instance.text, Int64(restoration.number), Data(restoration.statement.bytes),
                Data(restoration.envelope), restoration.importedAt,
            ]
        )
        return nil
    }

    public func restoration(
        _ number: UInt32,
        of instance: InstanceID
    ) async throws(StoreError) -> StoredRestoration? {
        try await read { db in try Self.restoration(number, of: instance, db) }
    }

    private static func restoration(
        _ number: UInt32,
        of instance: InstanceID,
        _ db: Database
    ) throws -> StoredRestoration? {
        let row = try Row.fetchOne(
            db,
            sql: "SELECT statement, envelope, imported_at FROM restoration WHERE instance = ? AND number = ?",
            arguments: [instance.text, Int64(number)]
        )
        guard let row else { return nil }
        guard let statement = ContentDigest(bytes: row.bytes(0)) else {
            throw StoreError.damaged("a restoration's digest cannot be read")
        }
        return StoredRestoration(
            instance: instance,
            number: number,
            statement: statement,
            envelope: row.bytes(1),
            importedAt: row[2]
        )
    }
}
