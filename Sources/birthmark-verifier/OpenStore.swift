import DurableFiles
import FoundationEssentials
import StoreSQLite
import VerifierService
import VerifierStore

/// The record that the configuration names; which database that is, the rest of the program does not know.
extension VerifierDirectory {
    /// Whether it is there.
    func storeExists(_ configuration: VerifierConfiguration) -> Bool {
        FileManager.default.fileExists(atPath: database(configuration))
    }

    /// Makes an empty one: whole under its name, or not at all, so that the same again makes it.
    func makeStore(_ configuration: VerifierConfiguration) throws {
        let path = database(configuration)
        AtomicFile.sweep(writersOf: path)
        let temporary = AtomicFile.temporary(beside: path)
        defer { for companion in ["", "-wal", "-shm"] { try? AtomicFile.remove(temporary + companion) } }
        do throws(StoreError) {
            try SQLiteStore.create(at: temporary).close()
        } catch {
            throw StoreError(error.code, error.message.replacing(temporary, with: path), hint: error.hint)
        }
        try AtomicFile.move(temporary, to: path, existing: .keep)
    }

    /// Opens it, for whom no other program has it.
    func openOwnStore(_ configuration: VerifierConfiguration) throws(StoreError) -> any VerifierStore {
        try SQLiteStore.open(at: database(configuration))
    }

    /// Opens it beside a service that may have it; one of an earlier version only when none has.
    func openStore(_ configuration: VerifierConfiguration) throws -> any VerifierStore {
        do throws(StoreError) {
            return try SQLiteStore.open(at: database(configuration), earlier: .refused)
        } catch {
            guard error.code == .earlierSchema, let lock = try FileLock.trying(self.lock) else { throw error }
            defer { lock.release() }
            return try openOwnStore(configuration)
        }
    }

    /// Writes the record into an empty file as one commit left it; the service may go on meanwhile.
    func copyStore(_ configuration: VerifierConfiguration, into file: String) async throws -> LedgerHead {
        // Not closed in order: that would wait for the service.
        try await SQLiteStore.open(at: database(configuration), earlier: .copied).copy(into: file)
    }

    /// Opens a record wherever it lies, and closes it in order.
    static func withStore(at path: String, _ body: (any VerifierStore) async throws -> Void) async throws {
        let store = try SQLiteStore.open(at: path)
        try await body(store)
        try store.close()
    }

    /// How far the ledger of a record goes that may be damaged.
    static func head(ofStoreAt path: String) async throws -> LedgerHead { try await SQLiteStore.head(at: path) }
}
