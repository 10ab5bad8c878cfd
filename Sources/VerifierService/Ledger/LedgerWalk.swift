import Ledger
import VerifierStore

extension VerifierStore {
    /// Goes through the ledger from a place on until there are no more entries, also while the service appends.
    /// - Parameter body: is given each entry with its place.
    /// - Throws: `StoreError`, and what `body` throws.
    func walkLedger(from first: Int = 0, _ body: (Int, LogEntry) async throws -> Void) async throws {
        var index = first
        while true {
            let entries = try await ledgerEntries(index..<index + LedgerBatch.count)
            guard !entries.isEmpty else { return }
            for entry in entries {
                try await body(index, entry)
                index += 1
            }
        }
    }
}

/// How much of the ledger is read at a time.
enum LedgerBatch {
    /// Entries, of at most 64 KB each: a batch stays below 16 MB.
    static let count = 256
}
