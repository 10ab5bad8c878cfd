import Messages
import Reappraisal
import UpdateTrust
import VerifierStore

/// What decisions rest on, put down for the archive.
extension Verifier {
    /// - Returns: `nil` when no entry of the change rests on the evidence.
    func basis(
        of transition: Transition,
        _ given: Case,
        _ input: DecisionInput,
        _ appraised: AppraisedEvidence,
        _ kind: ArchivedDecision.Kind
    ) throws -> StoredBasis? {
        try basis(
            of: transition,
            ArchivedDecision(of: input, kind, evidence: given.evidence, tried: appraised.tried)
        )
    }

    /// The same for an instance without a TPM.
    func basis(
        of transition: Transition,
        _ given: CompensatedCase,
        _ input: CompensatedInput,
        _ positions: [SoftwareKey: Int64],
        _ kind: ArchivedDecision.Kind
    ) throws -> StoredBasis? {
        try basis(
            of: transition,
            ArchivedDecision(of: input, kind, evidence: given.evidence, positions: positions)
        )
    }

    private func basis(
        of transition: Transition,
        _ archived: @autoclosure () -> ArchivedDecision
    ) throws -> StoredBasis? {
        guard let decided = transition.entries.decided else { return nil }
        return StoredBasis(entry: decided.digest, at: decided.entry.at, body: try archived().bytes)
    }
}
