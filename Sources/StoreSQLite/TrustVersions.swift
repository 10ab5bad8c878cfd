import FoundationEssentials
import GRDB
import Messages
public import VerifierStore

/// What devices trust, version after version: each is kept for ever, for those who were away.
enum TrustVersions {
    static func apply(_ trust: StoredTrust, _ db: Database) throws -> StoreOutcome? {
        if let known = try fetch("WHERE version = ?", [trust.version], db) {
            return known.digest == trust.digest ? .known : .stale
        }
        let newest = try fetch("ORDER BY version DESC LIMIT 1", [], db)?.version ?? 1
        guard trust.version == newest + 1 else { return .stale }
        try db.execute(
            sql: """
                INSERT INTO trust_version (version, digest, envelope, published_at, published_by) VALUES (?, ?, ?, ?, ?)
                """,
            arguments: [
                trust.version, Data(trust.digest.bytes), Data(trust.envelope), trust.publishedAt,
                trust.publishedBy.text,
            ]
        )
        return nil
    }

    static func fetch(_ which: String, _ arguments: StatementArguments, _ db: Database) throws -> StoredTrust? {
        let sql = "SELECT version, digest, envelope, published_at, published_by FROM trust_version \(which)"
        return try Row.fetchOne(db, sql: sql, arguments: arguments).map { row in
            guard let digest = ContentDigest(bytes: row.bytes(1)), let by = Label(row[4] as String) else {
                throw StoreError.damaged("a trust bundle cannot be read")
            }
            return StoredTrust(
                version: row[0],
                digest: digest,
                envelope: row.bytes(2),
                publishedAt: row[3],
                publishedBy: by
            )
        }
    }
}

extension SQLiteStore {
    public func trust(_ version: Int64) async throws(StoreError) -> StoredTrust? {
        try await read { db in try TrustVersions.fetch("WHERE version = ?", [version], db) }
    }

    public func newestTrust() async throws(StoreError) -> StoredTrust? {
        try await read { db in try TrustVersions.fetch("ORDER BY version DESC LIMIT 1", [], db) }
    }
}
