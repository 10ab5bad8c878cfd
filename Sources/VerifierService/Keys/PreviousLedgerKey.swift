import Ledger
import Logging
import Messages
import VerifierStore

/// The end of the ledger's key before the current one: when the published bundle does not name it any more, its file goes.
extension Verifier {
    /// Removes it, when nothing that is looked at on a start is signed by it alone; what fails changes nothing.
    func removePreviousLedgerKey() async {
        let bundle = published.now
        guard materials.previousLedgerKey != nil, bundle.number > 1 else { return }
        do {
            let current = materials.checkpointSigner.verifierKey
            guard let head = try await store.ledgerHead().checkpoint,
                (try? SignedCheckpoint(parsing: head).verify(logKey: current).get()) != nil
            else { return }
            // The one that is kept beside the database may be older than the current key.
            try await LedgerGuard(materials: materials, store: store).rememberCheckpoint()
            let rotation = KeyRotation(materials.directory)
            guard let key = try rotation.removePreviousLedgerKey(unlessNamedBy: bundle) else { return }
            logger.notice("the ledger's key before the current one was removed", metadata: ["key": "ledger:\(key.id)"])
        } catch {
            logger.error(
                "the ledger's key before the current one cannot be removed",
                metadata: ["error": "\(error)", "hint": "it signs nothing any more; the next start tries again"]
            )
        }
    }
}
