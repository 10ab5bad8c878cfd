import FoundationEssentials
import GRDB
public import Messages
public import VerifierStore

/// What decisions rested on.
enum Archive {
    /// - Parameters:
    ///   - count: how many entries were written with the decision.
    ///   - index: where the first of them stands on the ledger.
    static func insert(_ basis: StoredBasis, of count: Int, at index: Int, _ db: Database) throws {
        try db.cachedStatement(
            sql: "INSERT INTO archive (number, entries, entry, at, body, list) VALUES (?, ?, ?, ?, ?, ?)"
        ).execute(
            arguments: [
                index, count, Data(basis.entry.bytes), basis.at, Data(basis.body), (basis.list?.bytes).map { Data($0) },
            ])
    }

    static func keep(_ list: StoredLog, _ db: Database) throws {
        try db.cachedStatement(sql: "INSERT OR IGNORE INTO measured_list (digest, bytes) VALUES (?, ?)")
            .execute(arguments: [Data(list.digest.bytes), Data(list.bytes)])
    }

    /// Sheds all or nothing.
    static func shed(_ entries: [ContentDigest], _ db: Database) throws -> StoreOutcome? {
        let isKept = try db.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM archive WHERE entry = ?)")
        for entry in entries {
            guard try Bool.fetchOne(isKept, arguments: [Data(entry.bytes)]) == true else { return .stale }
        }
        let find = try db.cachedStatement(sql: "SELECT list FROM archive WHERE entry = ? AND list IS NOT NULL")
        let delete = try db.cachedStatement(sql: "DELETE FROM archive WHERE entry = ?")
        var lists = Set<Data>()
        for entry in entries {
            if let list = try Data.fetchOne(find, arguments: [Data(entry.bytes)]) { lists.insert(list) }
            try delete.execute(arguments: [Data(entry.bytes)])
        }
        let forget = try db.cachedStatement(
            sql: "DELETE FROM measured_list WHERE digest = ?1 AND NOT EXISTS (SELECT 1 FROM archive WHERE list = ?1)"
        )
        for list in lists { try forget.execute(arguments: [list]) }
        return nil
    }

    fileprivate static let columns = "number, entries, entry, at, body, list"

    fileprivate static func kept(_ row: Row) throws -> KeptBasis {
        let (number, count): (Int, Int) = (row[0], row[1])
        guard let entry = ContentDigest(bytes: row.bytes(2)), count >= 0 else {
            throw StoreError.damaged("the archive cannot be read")
        }
        return KeptBasis(
            StoredBasis(
                entry: entry,
                at: row[3],
                body: row.bytes(4),
                list: (row[5] as Data?).flatMap { ContentDigest(bytes: $0) }
            ),
            entries: number..<(number + count)
        )
    }
}

extension SQLiteStore {
    public func basis(of entry: ContentDigest) async throws(StoreError) -> KeptBasis? {
        try await read { db in
            try Row.fetchOne(
                db,
                sql: "SELECT \(Archive.columns) FROM archive WHERE entry = ?",
                arguments: [Data(entry.bytes)]
            ).map { try Archive.kept($0) }
        }
    }

    public func measuredList(_ digest: ContentDigest) async throws(StoreError) -> [UInt8]? {
        try await read { db in
            try Data.fetchOne(
                db,
                sql: "SELECT bytes FROM measured_list WHERE digest = ?",
                arguments: [Data(digest.bytes)]
            )
        }.map { [UInt8]($0) }
    }

    public func bases(
        in times: Range<Int64>,
        after: ArchivePlace?,
        limit: Int
    ) async throws(StoreError) -> [KeptBasis] {
        let place = after ?? ArchivePlace(at: times.lowerBound, number: -1)
        return try await read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT \(Archive.columns) FROM archive
                    WHERE (at, number) > (?, ?) AND at >= ? AND at < ? ORDER BY at, number LIMIT ?
                    """,
                arguments: [place.at, place.number, times.lowerBound, times.upperBound, limit]
            ).map { try Archive.kept($0) }
        }
    }

    public func basesToShed(before time: Int64, limit: Int) async throws(StoreError) -> [ContentDigest] {
        try await read { db in
            // The earliest by the clock; among those, the order of the ledger.
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT entry FROM (SELECT number, entry FROM archive WHERE at < ? ORDER BY at, number LIMIT ?)
                    ORDER BY number
                    """,
                arguments: [time, limit]
            )
            return try rows.map { row in
                guard let entry = ContentDigest(bytes: row.bytes(0)) else {
                    throw StoreError.damaged("the archive cannot be read")
                }
                return entry
            }
        }
    }
}
