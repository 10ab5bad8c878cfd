import Messages
import UpdateTrust
import VerifierStore

/// A TPM that is born again: what the record says of its former life.
enum FormerLife {
    /// The birth names none.
    case none
    /// What changes of it, with the birth or not at all.
    case change(BirthImport.EarlierLife)
    /// Why the birth is not taken over.
    case obstacle(String)
}

extension Verifier {
    /// Any station that is believed may give a retired TPM another life: it was an operator who ended the first one.
    ///
    /// Whether the endorsement key is the same, the store says in the transaction.
    func formerLife(of birth: InstanceBirth, _ payload: ContentDigest) async throws -> FormerLife {
        guard case .measured(let record) = birth, let former = record.follows?.instance else { return .none }
        guard let state = try await store.snapshot(of: former, release: nil)?.state else {
            return .obstacle("it follows instance \(former), which is not on record")
        }
        switch try Succession.of(state, by: record, payload: payload, at: clock.seconds) {
        case .applied(let transition):
            return .change(BirthImport.EarlierLife(transition: transition, replacing: state.version))
        // Brought again, it is known as what it is.
        case .followed(let by) where by == record.instance: return .none
        case .followed(let by): return .obstacle("it follows instance \(former), which \(by) follows already")
        case .living(let lifecycle):
            return .obstacle(
                "it follows instance \(former), which is \(lifecycle.rawValue): run birthmark device retire first"
            )
        case nil: return .obstacle("it follows another instance than it says")
        }
    }

    /// Why a birth is refused that takes over an instance of this very owner, for the people at the line.
    func obstacle(toTakingOver instance: InstanceID) async throws -> String {
        let state = try await store.snapshot(of: instance, release: nil)?.state
        let known =
            "it takes over instance \(instance), which is \(state?.lifecycle.rawValue ?? "known") here, by another record: "
        return known
            + "an instance has one owner here and one life; a retired TPM gets other keys (birthmark-factory provision --follows)"
    }

    /// Why a birth is refused whose TPM is another instance, for the people at the line.
    func obstacle(of other: InstanceID) async throws -> String {
        let taken = "the endorsement key, so the TPM, belongs to instance \(other) already"
        guard try await store.snapshot(of: other, release: nil)?.state.lifecycle == .retired else { return taken }
        return taken + ", which is retired: another life of it names that one (birthmark-factory provision --follows)"
    }
}
