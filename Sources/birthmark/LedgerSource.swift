import CommandLineContract
import DurableFiles
import LedgerFiles
import VerifierClient

/// Where the files of a ledger come from: a verifier, or a copy in a directory.
struct LedgerSource: Sendable {
    /// Gives a file by its path: `checkpoint`, `tile/entries/000.p/5`.
    let file: @Sendable (_ path: String) async throws -> [UInt8]

    /// What a verifier serves.
    static func served(by client: VerifierClient) -> LedgerSource {
        LedgerSource { path in try await client.ledgerFile(path) }
    }

    /// A copy.
    static func copied(to directory: String) -> LedgerSource {
        let files = LedgerDirectory(directory)
        return LedgerSource { path in
            do throws(FileError) {
                return try files.file(path)
            } catch {
                // Every copy has these: without them it is none, or one of before there were witnesses.
                guard ["checkpoint", "witnessed"].contains(path),
                    error.code == .missing || error.code == .notDirectory
                else { throw CommandFailure(error) }
                throw CommandFailure(
                    .malformed,
                    "\(directory) holds no \(path) of a ledger",
                    hint: "birthmark ledger export makes a copy, and brings one up to date"
                )
            }
        }
    }
}

extension CommandFailure {
    /// The ledger is not what its key signed.
    static func ledgerRefused(_ message: String) -> CommandFailure {
        CommandFailure(
            .refused,
            message,
            hint:
                "keep what was served, and what was seen before; somebody changed the ledger, or it goes on as another one after birthmark-verifier restore, or this is another one than the bundle's",
            reasons: ["ledger-not-verified"]
        )
    }
}
