import AttestationResults
import Messages
import Reappraisal
import UpdateTrust
import VerifierStore

/// What decisions rest on, put down before they are taken: the entry that states one names it by its digest.
extension Verifier {
    /// - Returns: the bytes for the archive; `nil` when nothing shows who spoke, because then nothing is recorded.
    func archive(
        _ input: inout DecisionInput,
        _ given: Case,
        _ appraised: AppraisedEvidence,
        _ kind: ArchivedDecision.Kind
    ) throws -> [UInt8]? {
        guard appraised.verdict.isAuthentic else { return nil }
        let bytes = try ArchivedDecision(of: input, kind, evidence: given.evidence, tried: appraised.tried).bytes
        input.basis = ContentDigest(of: bytes)
        return bytes
    }

    /// The same for an instance without a TPM.
    func archive(
        _ input: inout CompensatedInput,
        _ given: CompensatedCase,
        _ positions: [SoftwareKey: Int64],
        _ kind: ArchivedDecision.Kind
    ) throws -> [UInt8]? {
        if case .notAuthentic = input.verdict { return nil }
        let bytes = try ArchivedDecision(of: input, kind, evidence: given.evidence, positions: positions).bytes
        input.basis = ContentDigest(of: bytes)
        return bytes
    }
}

extension StoredBasis {
    /// What a change rests on; `nil` when no entry of it says so.
    init?(_ archived: [UInt8]?, of transition: Transition) {
        guard let archived, let decided = transition.entries.decided else { return nil }
        self.init(entry: decided.digest, at: decided.entry.at, body: archived)
    }
}

extension Verdict {
    /// Whether the instance's own key said it, in answer to our challenge.
    var isAuthentic: Bool {
        switch self {
        case .accepted: true
        case .refused(let refusal): refusal.authentic != nil
        case .undecided: false
        }
    }
}
