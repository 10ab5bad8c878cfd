import FoundationEssentials
import GRDB
import Messages
import Synchronization
import UpdateTrust
public import VerifierStore

/// What becomes of a record that an earlier version has written: whoever serves it by that version could not go on with this one's tables.
public enum EarlierRecord: Sendable {
    /// It is this version's from then on; for whom nobody else has it open.
    case broughtUpToDate
    /// It is copied as it is.
    case copied
    /// It is not opened.
    case refused
}

/// The verifier's record in one SQLite file: write-ahead log, every commit synchronised to the disk before it returns.
///
/// One process at a time writes it; its commits run one after the other on the pool's writer.
public final class SQLiteStore: Sendable {
    let pool: DatabasePool
    /// The end of the ledger as the last commit left it; owned by the writer, checked against the stored size each time.
    let tail = Mutex<LedgerTail?>(nil)
    let memory = RecordMemory()
    let checkpoints: Checkpoints

    /// Makes a new, empty database, for its owner only.
    /// - Throws: `StoreError`: `.exists`, `.notWritable`, `.noSpace`.
    public static func create(at path: String) throws(StoreError) -> SQLiteStore {
        guard !FileManager.default.fileExists(atPath: path) else {
            throw StoreError(.exists, "\(path) exists already", hint: "nothing was changed; open it instead")
        }
        // SQLite gives its companions (-wal, -shm) the permissions of the file, so these must be right from the start.
        let attributes: [FileAttributeKey: Any] = [.posixPermissions: 0o600]
        guard FileManager.default.createFile(atPath: path, contents: nil, attributes: attributes) else {
            throw StoreError(
                .notWritable,
                "\(path) cannot be made",
                hint: "make its directory first, writable by this user, on a disk with space left"
            )
        }
        return try SQLiteStore(path: path, isNew: true)
    }

    /// Opens the database that is there.
    ///
    /// It is never made silently: a verifier that begins with an empty record has forgotten every consumed challenge.
    /// - Parameter earlier: what becomes of one that an earlier version has written.
    /// - Throws: `StoreError`: `.missing`, `.exposed`, `.notOurs`, `.newerSchema`, `.earlierSchema`, `.notWritable`, `.damaged`.
    public static func open(
        at path: String,
        earlier: EarlierRecord = .broughtUpToDate
    ) throws(StoreError) -> SQLiteStore {
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else {
            throw StoreError(
                .missing,
                "there is no database at \(path)",
                hint:
                    "give the verifier's directory, put a backup back with birthmark-verifier restore, or make one with birthmark-verifier init"
            )
        }
        if let mode = attributes[.posixPermissions] as? Int, mode & 0o077 != 0 {
            throw StoreError(.exposed, "\(path) can be read or changed by other users", hint: "chmod 600 \(path)*")
        }
        guard FileManager.default.isWritableFile(atPath: path) else {
            throw StoreError(
                .notWritable,
                "\(path) cannot be written by this user, or lies on a file system that is mounted read-only",
                hint: "run as the user who owns it, on a file system that is mounted writable"
            )
        }
        return try SQLiteStore(path: path, isNew: false, earlier: earlier)
    }

    private init(path: String, isNew: Bool, earlier: EarlierRecord = .broughtUpToDate) throws(StoreError) {
        do {
            var configuration = Configuration()
            // Another process only reads (a backup, somebody curious) or is in the middle of ending.
            configuration.busyMode = .timeout(5)
            configuration.label = "verifier"
            configuration.prepareDatabase { db in
                try db.execute(sql: "PRAGMA trusted_schema = OFF")
            }
            pool = try DatabasePool(path: path, configuration: configuration)
            try pool.writeWithoutTransaction { db in
                // The pool sets NORMAL when it opens, which may lose the last commits with the power.
                try db.execute(sql: "PRAGMA synchronous = FULL")
                try db.execute(sql: "PRAGMA wal_autocheckpoint = \(Checkpoints.limit)")
                let settings = (
                    synchronous: try Int.fetchOne(db, sql: "PRAGMA synchronous"),
                    journal: try String.fetchOne(db, sql: "PRAGMA journal_mode")
                )
                guard settings.synchronous == 2, settings.journal == "wal" else {
                    throw StoreError(
                        .failed,
                        "SQLite does not synchronise each commit to the disk here, so nothing would be safe",
                        hint: "put the database on a local file system"
                    )
                }
                if !isNew {
                    guard try Int.fetchOne(db, sql: "PRAGMA application_id") == Schema.applicationID else {
                        throw StoreError(.notOurs, "\(path) is not a verifier's database", hint: "check the path")
                    }
                    guard try !Schema.migrator.hasBeenSuperseded(db) else {
                        throw StoreError(
                            .newerSchema,
                            "\(path) was written by a newer birthmark-verifier",
                            hint: "run that version, or restore the backup that was made before it"
                        )
                    }
                    guard try earlier != .refused || Schema.migrator.hasCompletedMigrations(db) else {
                        throw StoreError(
                            .earlierSchema,
                            "\(path) was written by an earlier birthmark-verifier, and one serves it",
                            hint: "start that service anew with this version, which brings the record up to date"
                        )
                    }
                }
            }
            if earlier == .broughtUpToDate { try Schema.migrator.migrate(pool) }
            checkpoints = try Checkpoints(of: path)
        } catch {
            throw StoreError(sqlite: error, path: path)
        }
    }

    /// Closes the file; nothing may be asked of the store any more.
    public func close() throws(StoreError) {
        do {
            try checkpoints.close()
            // The pool's connections end together, and none of them as the last: without this the latest commits stay in the
            // write-ahead log, and whoever copies the one file has lost them.
            try pool.writeWithoutTransaction { db in _ = try db.checkpoint(.truncate) }
            try pool.close()
        } catch { throw StoreError(sqlite: error) }
    }

    func read<Value: Sendable>(_ query: @Sendable (Database) throws -> Value) async throws(StoreError) -> Value {
        do { return try await pool.read(query) } catch { throw StoreError(sqlite: error) }
    }
}

extension StoreError {
    init(sqlite error: any Error, path: String? = nil) {
        if let known = error as? StoreError {
            self = known
            return
        }
        guard let error = error as? DatabaseError else {
            self.init(.failed, String(describing: error))
            return
        }
        let place = path ?? "the database"
        switch error.resultCode {
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_CANTOPEN:
            self.init(
                .notWritable,
                "\(place) cannot be written: \(error.message ?? "read-only")",
                hint:
                    "its directory must exist and be writable by this user, on a file system that is not mounted read-only"
            )
        case .SQLITE_FULL:
            self.init(.noSpace, "no space is left for \(place)", hint: "make room; nothing half-written was left")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self.init(.busy, "\(place) is held by another process", hint: "stop the other process")
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            self = .damaged("\(place) is damaged or no database: \(error.message ?? "")")
        default:
            // A full disk shows itself like this as well, when it is SQLite's shared memory that does not fit.
            self.init(
                .failed,
                "\(place): \(error.message ?? "SQLite error") (code \(error.extendedResultCode.rawValue))",
                hint: error.resultCode == .SQLITE_IOERR ? "see that the disk is sound, and has space left" : nil
            )
        }
    }
}
