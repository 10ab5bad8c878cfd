import DurableFiles
import HTTPService
import Ledger
import LedgerFiles
import UpdateTrust

/// A copy of the lost ledger, as `birthmark ledger export` writes it: the only one who still knows what came after the backup.
struct LedgerCopy: Sendable {
    /// What its own checkpoint says, which a key of the ledger has signed.
    let checkpoint: Checkpoint
    private let path: String
    private let log: TiledLog

    /// Reads the copy's checkpoint.
    /// - Throws: `SetupError` when it is none of this ledger; `FileError`.
    init(_ path: String, _ materials: VerifierMaterials) throws {
        let directory = LedgerDirectory(path)
        let keys = materials.ledgerKeys
        do {
            guard let found = try LedgerMirror(directory, logKeys: keys).checkpoint() else {
                throw SetupError(
                    .malformed,
                    "\(path) holds no copy of a ledger",
                    hint: "give the directory that birthmark ledger export has written"
                )
            }
            checkpoint = found.checkpoint
        } catch let refusal as LedgerMirror.Refusal {
            throw SetupError(
                .malformed,
                "\(path) is no copy of this ledger: \(refusal)",
                hint: "another copy may be, or go on without one"
            )
        } catch let error as LedgerFormatError {
            throw SetupError(
                .malformed,
                "\(path) is no copy of a ledger: \(error)",
                hint: "give the directory that birthmark ledger export has written"
            )
        }
        self.path = path
        log = TiledLog(size: checkpoint.size) { file in try directory.file(file) }
    }

    /// What stopped instances behind the beginning that the backup has.
    /// - Parameters:
    ///   - size: the entries of the backup.
    ///   - root: the root over them.
    /// - Throws: `SetupError` when the copy does not begin with those, or is not what its checkpoint was signed over.
    func stopped(since size: Int, under root: TreeHash) async throws -> StoppedInstances {
        var frontier = TreeFrontier()
        var stopped = StoppedInstances()
        for bundle in log.bundles() {
            for entry in try await log.entries(bundle) {
                guard frontier.size != size || frontier.root == root else {
                    throw unfit("does not begin with the backup")
                }
                if frontier.size >= size {
                    stopped.follow(try LedgerEntry(parsing: entry.bytes), at: frontier.size)
                }
                _ = frontier.append(entry.leafHash)
            }
        }
        guard frontier.root == checkpoint.root else { throw unfit("is not what its own checkpoint was signed over") }
        return stopped
    }

    private func unfit(_ why: String) -> SetupError {
        SetupError(
            .malformed,
            "the copy of the ledger in \(path) \(why)",
            hint: "find out who changed it; another copy may be whole, or go on without one"
        )
    }
}
