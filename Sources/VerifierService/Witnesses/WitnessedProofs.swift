import HTTPService
import Ledger
import VerifierStore
import Wording

extension Verifier {
    /// The proof of an entry up to a checkpoint that enough witnesses have signed; `nil` where that is not asked for.
    ///
    /// What is on the ledger and has no witness stays there: the device asks again, and is given another grant.
    /// - Parameter wanted: how many the grant itself says, by its rule.
    /// - Throws: `ServiceProblem` when they have not signed in time, or are not that many: nothing is given out.
    func witnessedProof(of index: Int, wanting wanted: Int?) async throws -> LogProof? {
        let settings = materials.configuration.witnesses ?? WitnessSettings(required: 0, known: [])
        let required = max(settings.required, wanted ?? 0)
        guard required > 0 else { return nil }
        guard required <= settings.known.count else {
            throw ServiceProblem.undecided(
                "the grant wants \(Counted.of(required, "witness", "witnesses")), and the configuration names \(settings.known.count)"
            )
        }
        let found = try await cosignatures.checkpoint(holding: index, signedBy: required, within: settings.patience)
        guard let checkpoint = found else {
            throw ServiceProblem.undecided(
                "\(Counted.of(required, "witness has", "witnesses have")) not signed for entry \(index) in time"
            )
        }
        let path = try await AwaitedTree(store, size: checkpoint.claimed.size).inclusionPath(of: index)
        return LogProof(index: index, path: path ?? [], checkpoint: checkpoint)
    }
}
