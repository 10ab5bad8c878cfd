import CommandLineContract
import Ledger

/// A ledger whose checkpoint was judged.
struct OpenedLedger: Sendable {
    /// What is signed, as it was read.
    let signed: SignedCheckpoint
    /// The same, believed.
    let checkpoint: Checkpoint
    let source: LedgerSource

    /// The entries and the tree, as far as the checkpoint speaks for them.
    var log: TiledLog { TiledLog(size: checkpoint.size, file: source.file) }

    /// Reads a checkpoint.
    /// - Parameter quorum: how many witnesses are to have signed it: then it is a little behind, on a busy ledger.
    init(_ source: LedgerSource, _ keys: LedgerKeys, signedBy quorum: Int = 0) async throws {
        let bytes = try await source.file(quorum == 0 ? "checkpoint" : "witnessed/\(quorum)")
        checkpoint = try keys.verified(bytes, "the checkpoint", quorum: quorum).checkpoint
        do {
            signed = try SignedCheckpoint(parsing: bytes)
        } catch {
            throw CommandFailure.ledgerRefused("the checkpoint: \(error)")
        }
        self.source = source
    }
}
