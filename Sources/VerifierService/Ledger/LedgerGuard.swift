import DurableFiles
import HTTPService
import Ledger
import VerifierStore
import Wording

/// What must hold of the ledger before anything is served on top of it.
///
/// Beside the database stands the checkpoint that was last seen to leave it. A database that does not reach that far was
/// restored from a backup: it has forgotten grants, retirements and consumed challenges, and whatever it signed next
/// would fork the log.
struct LedgerGuard: Sendable {
    let materials: VerifierMaterials
    let store: any VerifierStore

    private static let maximumSize = SignedNote.maxByteCount

    func check() async throws {
        let audit = LedgerAudit(store: store, keys: materials.ledgerKeys)
        do {
            _ = try await audit.run()
        } catch let fault as LedgerAudit.Fault {
            throw SetupError(
                .environment,
                "the ledger is damaged or was tampered with: \(fault)",
                hint:
                    "do not serve from it; birthmark-verifier restore puts the latest backup in its place, and keeps it"
            )
        }
        try await compareWithLastCheckpoint()
    }

    private func compareWithLastCheckpoint() async throws {
        let path = materials.directory.lastCheckpoint
        guard try FilePresence.isThere(path) else { return }
        let seen: Checkpoint
        do {
            let bytes = try BoundedFile.readKept(path, limit: Self.maximumSize)
            seen = try materials.checkpoint(bytes)
        } catch {
            throw SetupError(
                .environment,
                "\(path) is not a checkpoint of this ledger: \(error)",
                hint: "find out who changed it; without it nobody notices a record that was restored from an old backup"
            )
        }
        let size = try await store.ledgerHead().size
        guard seen.size <= size, try await AwaitedTree(store, size: seen.size).root() == seen.root else {
            throw SetupError(
                .environment,
                "this verifier has signed a ledger of \(Counted.of(seen.size, "entry", "entries")) that does not continue into the \(size) on record",
                hint: """
                    the record was restored from a backup that is too old, or replaced; put the latest one back with \
                    birthmark-verifier restore, which says openly what is lost. What the lost entries granted cannot be taken back by \
                    removing \(path)
                    """
            )
        }
    }

    /// Keeps the latest checkpoint beside the database.
    func rememberCheckpoint() async throws {
        guard let checkpoint = try await store.ledgerHead().checkpoint else { return }
        try AtomicFile.write(checkpoint, to: materials.directory.lastCheckpoint)
    }
}
