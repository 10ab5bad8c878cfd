import HTTPService
import Ledger
import VerifierStore

extension Verifier {
    /// The proof of an entry up to a checkpoint that enough witnesses have signed; `nil` where that is not asked for.
    ///
    /// What is on the ledger and has no witness stays there: the device asks again, and is given another grant.
    /// - Throws: `ServiceProblem` when they have not signed in time: nothing is given out.
    func witnessedProof(of index: Int) async throws -> LogProof? {
        guard let settings = materials.configuration.witnesses, settings.required > 0 else { return nil }
        let found = try await cosignatures.checkpoint(
            holding: index,
            signedBy: settings.required,
            within: settings.patience
        )
        guard let checkpoint = found else {
            throw ServiceProblem.undecided("\(settings.required) witnesses have not signed for entry \(index) in time")
        }
        let path = try await AwaitedTree(store, size: checkpoint.claimed.size).inclusionPath(of: index)
        return LogProof(index: index, path: path ?? [], checkpoint: checkpoint)
    }
}
