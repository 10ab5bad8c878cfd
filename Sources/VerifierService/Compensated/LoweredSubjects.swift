import Messages
import UpdateTrust
import VerifierStore

extension Verifier.EnrolledBirth {
    /// Whom evidence without a TPM is held to; `nil` for an instance whose TPM speaks for it.
    func subject(in state: InstanceState, at now: Int64) -> CompensatedSubject? {
        switch self {
        case .compensated(let record): return record.subject
        case .measured(let enrolled):
            guard let lowered = state.lowered, lowered.holds(at: now) else { return nil }
            return CompensatedSubject(facts: enrolled.record.facts, claims: lowered.claims)
        }
    }
}

extension Verifier {
    /// Whether an instance on record has no TPM to speak with, by birth or for a time.
    func speaksWithoutTPM(_ instance: InstanceID) async throws -> Bool {
        guard let birth = try await enrolledBirth(instance),
            let snapshot = try await store.snapshot(of: instance, release: nil)
        else { return false }
        return birth.subject(in: snapshot.state, at: clock.seconds) != nil
    }
}
