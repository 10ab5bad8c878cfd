import AttestationResults
import Messages
import Reappraisal
import UpdateTrust
import VerifierStore

/// What a decision rests on, put down before it is taken: the entry that states it names it by its digest.
struct ArchivedBytes: Sendable {
    /// `ArchivedDecision`.
    var bytes: [UInt8]
    /// The list of what Linux measured.
    var list: StoredLog?
}

extension Verifier {
    /// - Returns: `nil` when nothing shows who spoke, because then nothing is recorded.
    func archive(
        _ input: inout DecisionInput,
        _ given: Case,
        _ appraised: AppraisedEvidence,
        _ kind: ArchivedDecision.Kind
    ) throws -> ArchivedBytes? {
        guard appraised.verdict.isAuthentic else { return nil }
        // It can have megabytes, and is hashed once.
        let list = given.evidence.ima.map { StoredLog($0.bytes.bytes) }
        let archived = ArchivedDecision(
            of: input,
            kind,
            evidence: given.evidence,
            list: list?.digest,
            tried: appraised.tried
        )
        let bytes = try archived.bytes
        input.basis = ContentDigest(of: bytes)
        return ArchivedBytes(bytes: bytes, list: list)
    }

    /// The same for an instance without a TPM.
    func archive(
        _ input: inout CompensatedInput,
        _ given: CompensatedCase,
        _ positions: [SoftwareKey: Int64],
        _ kind: ArchivedDecision.Kind
    ) throws -> ArchivedBytes? {
        guard input.verdict.isAuthentic else { return nil }
        let bytes = try ArchivedDecision(of: input, kind, evidence: given.evidence, positions: positions).bytes
        input.basis = ContentDigest(of: bytes)
        return ArchivedBytes(bytes: bytes)
    }
}

extension DecisionChange {
    /// Takes along what it rests on; nothing when no entry of it says so.
    mutating func keep(_ archived: ArchivedBytes?) {
        guard let archived, let decided = transition.entries.decided else { return }
        basis = StoredBasis(
            entry: decided.digest,
            at: decided.entry.at,
            body: archived.bytes,
            list: archived.list?.digest
        )
        list = archived.list
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

extension CompensatedVerdict {
    /// Whether a key of the instance's said it, in answer to our challenge.
    var isAuthentic: Bool { if case .notAuthentic = self { false } else { true } }
}
