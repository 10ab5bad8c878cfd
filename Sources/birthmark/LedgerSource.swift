import ArgumentParser
import CommandLineContract
import DurableFiles
import Ledger
import LedgerFiles
import Messages
import VerifierClient

/// A ledger that can be read: a verifier's, or a copy of one in a directory.
struct OpenedLedger: Sendable {
    let key: VerifierKey
    /// What is signed, as it was read.
    let signed: SignedCheckpoint
    /// The same, believed.
    let checkpoint: Checkpoint
    let file: @Sendable (_ path: String) async throws -> [UInt8]

    var log: TiledLog { TiledLog(size: checkpoint.size, file: file) }

    /// The tree over the log's first `size` entries, of which the checkpoint speaks for all.
    func frontier(of size: Int) async throws -> TreeFrontier { try await log.tree(size: size).frontier() }

    static func reading(
        _ key: VerifierKey,
        _ file: @escaping @Sendable (_ path: String) async throws -> [UInt8]
    ) async throws -> OpenedLedger {
        let signed: SignedCheckpoint
        do {
            signed = try SignedCheckpoint(parsing: try await file("checkpoint"))
        } catch let error as LedgerFormatError {
            throw CommandFailure.ledgerRefused("the checkpoint: \(error)")
        }
        switch signed.verify(logKey: key) {
        case .success(let verified):
            return OpenedLedger(key: key, signed: signed, checkpoint: verified.checkpoint, file: file)
        case .failure(let refusal): throw CommandFailure.ledgerRefused("the checkpoint: \(refusal.description)")
        }
    }

    /// Lets `body` read the ledger of the verifier that a bundle names.
    static func served<Result: Sendable>(
        by bundle: TrustBundle,
        _ body: (OpenedLedger) async throws -> Result
    ) async throws -> Result {
        let key = try bundle.parsedLedgerKey()
        return try await VerifierClient.with(bundle) { client in
            try await body(try await reading(key) { path in try await client.ledgerFile(path) })
        }
    }

    /// Lets `body` read a copy.
    static func copied<Result: Sendable>(
        to directory: String,
        _ bundle: TrustBundle,
        _ body: (OpenedLedger) async throws -> Result
    ) async throws -> Result {
        let files = LedgerDirectory(directory)
        return try await body(
            try await reading(try bundle.parsedLedgerKey()) { path in
                do throws(FileError) {
                    return try files.file(path)
                } catch {
                    throw CommandFailure(error)
                }
            }
        )
    }
}

extension TrustBundle {
    /// The key that signs checkpoints.
    func parsedLedgerKey() throws(CommandFailure) -> VerifierKey {
        do {
            return try VerifierKey(parsing: ledgerKey)
        } catch {
            throw CommandFailure(.malformed, "the trust bundle's ledgerKey: \(error)")
        }
    }
}

extension CommandFailure {
    /// The ledger is not what its key signed.
    static func ledgerRefused(_ message: String) -> CommandFailure {
        CommandFailure(
            .refused,
            message,
            hint: "keep what was served; somebody changed the ledger, or this is another one than the bundle's",
            reasons: ["ledger-not-verified"]
        )
    }
}
