import DurableFiles
import HTTPService
import Ledger
public import Messages
import UpdateTrust
public import VerifierStore
import Wording

/// Puts a record back from a backup, and says so on the ledger: what came after the backup is lost, and must not look as if it had never been.
///
/// No challenge that was given before counts any more, nobody is trusted until he has attested anew, and with a copy of the ledger who
/// was suspended or retired since is so again. What the ledger says from there on is another history; whoever has seen the lost
/// one sees that. Cut off anywhere, the same again finishes it, and until then nothing is served that has forgotten anything.
public struct RecordRestore: Sendable {
    /// Who puts it back, and why.
    public struct Order: Sendable {
        /// By his own word.
        public var by: Label
        /// Why.
        public var reason: Remark
        /// The directory of a copy of the ledger.
        public var copy: String?

        /// Joins the parts.
        public init(by: Label, reason: Remark, copy: String? = nil) {
            self.by = by
            self.reason = reason
            self.copy = copy
        }
    }

    /// What was put back.
    public struct Report: Hashable, Sendable, Encodable {
        /// The record's file.
        public var record: String
        /// Entries that the backup had; behind them stands the entry of the recovery.
        public var entries: Int
        /// Entries that the lost record had at least; absent when nothing is known that is later than the backup.
        public var lostSize: Int?
        /// The root over those, in base64.
        public var lostRoot: String?
        /// Why the record that was in its place could not say how far it went; absent when it could, or there was none.
        public var unread: String?
        /// Entries of the ledger's copy; absent without one.
        public var copied: Int?
        /// Instances that were trusted in the backup, and have to attest anew.
        public var ended = 0
        /// Instances that are suspended or retired as the copy says.
        public var stopped = 0
        /// Instances that the copy says were stopped, and that the backup does not know.
        public var unknown = 0
        /// Where the lost record is, or what is left of it.
        public var kept: String?
    }

    private let materials: VerifierMaterials
    private let order: Order
    private let now: Int64

    private static let batch = 256

    /// Reads a verifier's directory.
    /// - Parameter now: seconds since 1970.
    /// - Throws: `SetupError`, `FileError`.
    public init(_ directory: VerifierDirectory, _ order: Order, now: Int64) throws {
        materials = try VerifierMaterials(directory)
        self.order = order
        self.now = now
    }

    /// Opens a record, gives it to a body, and closes it in order.
    public typealias Opening = (_ path: String, _ body: (any VerifierStore) async throws -> Void) async throws -> Void

    /// Puts the backup in the record's place.
    /// - Parameters:
    ///   - backup: it stays as it is.
    ///   - head: how far the ledger of a database goes that may be damaged.
    /// - Throws: `SetupError`, `FileError`, or the store's error; then what was in the place is there, or set aside whole.
    public func run(
        from backup: String,
        opening: Opening,
        head: (_ path: String) async throws -> LedgerHead
    ) async throws -> Report {
        let directory = materials.directory
        guard let lock = try FileLock.trying(directory.lock) else {
            throw SetupError(
                .environment,
                "a birthmark-verifier serves \(directory.path)",
                hint: "stop it first: what it goes on giving out would be lost with the record"
            )
        }
        defer { lock.release() }
        let places = RecordPlaces(database: directory.database(materials.configuration))
        guard !RecordPlaces.isInUse(backup), backup != places.database else {
            throw SetupError(
                .malformed,
                "\(backup) is a record that is or was in use, and no backup",
                hint: "give a file that birthmark-verifier backup has made"
            )
        }
        let copy = try order.copy.map { try LedgerCopy($0, materials) }
        var known = try lastCheckpoint()
        var report = Report(record: places.database, entries: 0)
        if places.holdsRecord {
            do {
                if let bytes = try await head(places.database).checkpoint {
                    known.append(try materials.checkpoint(bytes))
                }
            } catch { report.unread = "\(error)" }
        }
        if let copy { known.append(copy.checkpoint) }
        try places.clear()
        try AtomicFile.copy(backup, to: places.staged)
        var checkpoint: [UInt8]?
        do {
            try await opening(places.staged) { store in
                report = try await recover(store, known, copy, report)
                checkpoint = try await store.ledgerHead().checkpoint
            }
        } catch let error as StoreError where [.damaged, .notOurs, .newerSchema].contains(error.code) {
            // What was opened is a copy, of which nobody was told.
            throw StoreError(
                error.code,
                error.message.replacing(places.staged, with: backup),
                hint: error.code == .newerSchema ? error.hint : "nothing was changed; take an earlier backup"
            )
        }
        // Before the record is served that has forgotten which ones were presented.
        try KeyFiles(directory: directory).renewChallengeKey()
        report.kept = try places.swap()
        // Last: until then a verifier that is started sees that the record is older than what it has signed.
        if let checkpoint { try AtomicFile.write(checkpoint, to: directory.lastCheckpoint) }
        return report
    }

    /// What this verifier was last seen to sign.
    private func lastCheckpoint() throws -> [Checkpoint] {
        let path = materials.directory.lastCheckpoint
        guard let bytes = try BoundedFile.readIfThere(path, limit: SignedNote.maxByteCount) else { return [] }
        do {
            return [try materials.checkpoint(bytes)]
        } catch {
            throw SetupError(
                .environment,
                "\(path) is not a checkpoint of this ledger: \(error)",
                hint: "find out who changed it; moved away, nobody can say any more how much is lost"
            )
        }
    }

    // MARK: What changes in the record

    private func recover(
        _ store: any VerifierStore,
        _ known: [Checkpoint],
        _ copy: LedgerCopy?,
        _ begun: Report
    ) async throws -> Report {
        var report = begun
        let root = try await audited(store, &report)
        let lost = try await latest(of: known, beyond: report.entries, store)
        var stopped = StoppedInstances()
        if let copy, copy.checkpoint.size > report.entries {
            stopped = try await copy.stopped(since: report.entries, under: root)
        }
        report.lostSize = lost?.size
        report.lostRoot = lost?.root.base64
        report.copied = copy?.checkpoint.size
        try await commit([.recovery(entry: try entry(report, lost))], store)
        try await end(stopped, store, &report)
        return report
    }

    /// Holds the backup to its own checkpoint, as a start does, and what it has of releases and instances to its ledger.
    /// - Returns: the root.
    private func audited(_ store: any VerifierStore, _ report: inout Report) async throws -> TreeHash {
        do {
            report.entries = try await LedgerAudit(store: store, keys: materials.ledgerKeys).run()
            try await StandingAudit(store: store).run()
        } catch let fault as LedgerAudit.Fault {
            throw SetupError(
                .environment,
                "the backup's ledger is damaged or was tampered with: \(fault)",
                hint: "nothing was changed; take an earlier backup"
            )
        } catch let fault as StandingAudit.Fault {
            throw SetupError(
                .environment,
                "the backup was tampered with: \(fault)",
                hint: "nothing was changed; take an earlier backup"
            )
        }
        return try await AwaitedTree(store, size: report.entries).root()
    }

    /// The latest that is known of the lost record.
    private func latest(
        of known: [Checkpoint],
        beyond size: Int,
        _ store: any VerifierStore
    ) async throws -> Checkpoint? {
        for checkpoint in known where checkpoint.size <= size {
            guard try await AwaitedTree(store, size: checkpoint.size).root() == checkpoint.root else {
                throw SetupError(
                    .environment,
                    "this verifier has signed a ledger of \(Counted.of(checkpoint.size, "entry", "entries")) that does not continue into the backup's \(size)",
                    hint:
                        "nothing was changed; the backup is of another history, such as one before an earlier recovery: take a later one"
                )
            }
        }
        return known.filter { $0.size > size }.max { $0.size < $1.size }
    }

    private func entry(_ report: Report, _ lost: Checkpoint?) throws -> WrittenEntry {
        let root = lost.flatMap { ContentDigest(bytes: $0.root.bytes) }
        let body = RecoveryEntry(
            size: report.entries,
            lost: lost.flatMap { lost in root.map { (size: lost.size, root: $0) } },
            by: order.by,
            reason: order.reason,
            copied: report.copied
        )
        return try WrittenEntry(
            LedgerEntry(at: now, actor: Actor(.verifier, materials.configuration.name), body: .recovery(body))
        )
    }

    /// Ends every lease, and stops again who was stopped.
    private func end(
        _ stopped: StoppedInstances,
        _ store: any VerifierStore,
        _ report: inout Report
    ) async throws {
        report.unknown = stopped.stops.count
        var last: InstanceID?
        while true {
            let page = try await store.instances(after: last, limit: Self.batch)
            var changes: [StoreChange] = []
            for instance in page {
                let state = instance.state
                let stop = stopped.stops[state.instance]
                if stop != nil { report.unknown -= 1 }
                guard
                    let transition = try Transition.recovery(
                        of: state,
                        stop: stop,
                        at: now,
                        by: materials.configuration.name
                    )
                else { continue }
                if state.lease != nil { report.ended += 1 }
                if transition.state.lifecycle != state.lifecycle { report.stopped += 1 }
                changes.append(.act(transition, replacing: state.version))
            }
            try await commit(changes, store)
            guard page.count == Self.batch, let end = page.last else { return }
            last = end.state.instance
        }
    }

    private func commit(_ changes: [StoreChange], _ store: any VerifierStore) async throws {
        guard !changes.isEmpty else { return }
        let receipt = try await store.commit(changes, sealer: LedgerSealer(materials.checkpointSigner))
        let isDone = receipt.outcomes.allSatisfy { outcome in
            if case .committed = outcome { true } else { false }
        }
        guard isDone else {
            throw SetupError(
                .environment,
                "the backup refused a change that follows from what is in it",
                hint: "nothing was changed; take an earlier backup"
            )
        }
    }
}
