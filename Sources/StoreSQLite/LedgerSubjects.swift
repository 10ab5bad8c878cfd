import FoundationEssentials
import GRDB
import Ledger
public import UpdateTrust
public import VerifierStore

/// Where on the ledger the entries about something stand: nothing that the entries do not say.
enum LedgerSubjects {
    static func insert(_ entry: LedgerEntry, at index: Int, _ db: Database) throws {
        let statement = try db.cachedStatement(sql: "INSERT INTO ledger_subject (subject, number) VALUES (?, ?)")
        for subject in entry.subjects { try statement.execute(arguments: [Data(subject.bytes), index]) }
    }

    /// Fills the table of a record that was written before there was one.
    static func fill(_ db: Database) throws {
        let rows = try Row.fetchCursor(db, sql: "SELECT number, bytes FROM ledger_entry ORDER BY number")
        while let row = try rows.next() {
            try insert(try LedgerEntry(parsing: row.bytes(1)), at: row[0], db)
        }
    }
}

extension SQLiteStore {
    public func ledgerEntries(
        about subject: LedgerSubject,
        from index: Int,
        limit: Int
    ) async throws(StoreError) -> [NumberedEntry] {
        try await read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT e.number, e.bytes FROM ledger_subject s JOIN ledger_entry e ON e.number = s.number
                    WHERE s.subject = ? AND s.number >= ? ORDER BY s.number LIMIT ?
                    """,
                arguments: [Data(subject.bytes), index, limit]
            ).map { NumberedEntry(index: $0[0], entry: try LogEntry($0.bytes(1))) }
        }
    }

    public func lastLedgerEntry(
        about subject: LedgerSubject,
        before index: Int
    ) async throws(StoreError) -> NumberedEntry? {
        try await read { db in
            try Row.fetchOne(
                db,
                sql: """
                    SELECT e.number, e.bytes FROM ledger_subject s JOIN ledger_entry e ON e.number = s.number
                    WHERE s.subject = ? AND s.number < ? ORDER BY s.number DESC LIMIT 1
                    """,
                arguments: [Data(subject.bytes), index]
            ).map { NumberedEntry(index: $0[0], entry: try LogEntry($0.bytes(1))) }
        }
    }
}
