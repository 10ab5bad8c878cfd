import FoundationEssentials
import Messages
import StoreSQLite

@testable import VerifierService

extension RecordRestore {
    /// Alice puts a backup back, as the program does it.
    static func byAlice(
        _ directory: VerifierDirectory,
        from backup: String,
        copy: String? = nil
    ) async throws -> Report {
        let order = Order(by: try label("alice"), reason: try Remark("the disk failed").found(), copy: copy)
        let restore = try RecordRestore(directory, order, now: Int64(Date.now.timeIntervalSince1970))
        return try await restore.run(
            from: backup,
            opening: { path, body in
                let store = try SQLiteStore.open(at: path)
                try await body(store)
                try store.close()
            },
            head: { path in try await SQLiteStore.head(at: path) }
        )
    }
}
