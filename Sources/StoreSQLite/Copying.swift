import GRDB
public import VerifierStore

extension SQLiteStore {
    /// Writes the record, as one commit left it, into a file of its own; another process may go on writing the record meanwhile.
    ///
    /// Nobody waits for anybody, and what is committed meanwhile is not in it. Whoever gives the file its name makes it durable.
    /// - Parameter path: a file that is empty, or not there.
    /// - Returns: how far the ledger goes in it.
    /// - Throws: `StoreError`: `.noSpace`, `.notWritable`.
    public func copy(into path: String) async throws(StoreError) -> LedgerHead {
        do {
            try await pool.writeWithoutTransaction { db in
                try db.execute(sql: "VACUUM INTO ?", arguments: [path])
            }
        } catch { throw StoreError(sqlite: error, path: path) }
        return try await Self.head(at: path)
    }

    /// How far the ledger goes in a database, which is not changed: it may be another version's, or damaged elsewhere.
    public static func head(at path: String) async throws(StoreError) -> LedgerHead {
        do {
            var configuration = Configuration()
            configuration.readonly = true
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            let found = try await queue.read { db in try Self.head(db) }
            try queue.close()
            return found
        } catch { throw StoreError(sqlite: error, path: path) }
    }
}
