import HTTPService
import Messages
import UpdateTrust
import VerifierStore

extension Verifier {
    /// Takes over each restoration of a bundle exactly once, in its order.
    func takeOver(_ judged: [RestorationJudge.Judged]) async throws -> [BirthOutcome] {
        var outcomes: [BirthOutcome] = []
        for one in judged { outcomes.append(try await takeOver(one)) }
        return outcomes
    }

    private func takeOver(_ judged: RestorationJudge.Judged) async throws -> BirthOutcome {
        let restoration = judged.restoration
        let instance = restoration.instance
        func outcome(_ outcome: BirthOutcome.Outcome, _ detail: String? = nil) -> BirthOutcome {
            BirthOutcome(outcome, instance: instance, serial: restoration.serial, detail: detail)
        }
        if let known = try await store.restoration(restoration.number, of: instance) {
            return known.statement == judged.statement
                ? outcome(.known) : outcome(.refused, "another restoration \(restoration.number) of it is on record")
        }
        guard let birth = try await store.birth(of: instance),
            ContentDigest(of: birth.payload) == restoration.birth
        else {
            return outcome(
                .refused,
                "the birth that it names is not on record: import the bundle that holds it, then this one again"
            )
        }
        guard case .measured(let record) = try InstanceBirth(parsing: birth.payload) else {
            return outcome(.refused, "\(restoration.serial) was born without a TPM: nothing of it could be restored")
        }
        // A station speaks of what it bore itself, so that a thief of its key cannot touch the fleet of another.
        guard record.station == restoration.station, record.serial == restoration.serial else {
            return outcome(.refused, "\(record.serial) was born at \(record.station), which did not restore it")
        }
        guard try birth.isSigned(as: judged.envelope) else {
            return outcome(.refused, "\(record.station) had another key when \(record.serial) was born there")
        }
        let stored = StoredRestoration(
            instance: instance,
            number: restoration.number,
            statement: judged.statement,
            envelope: try CanonicalJSON.encode(judged.envelope),
            importedAt: clock.seconds
        )
        // A device that asks at this moment moves the record.
        for _ in 0..<5 {
            guard let state = try await store.snapshot(of: instance, release: nil)?.state else { break }
            let transition: Transition
            switch try restoration.apply(
                to: state,
                bornFrom: record,
                statement: judged.statement,
                at: clock.seconds
            ) {
            case .refused(let obstacle): return outcome(.refused, obstacle.description)
            case .applied(let applied): transition = applied
            }
            switch try await committer.commit(.restoration(stored, transition, replacing: state.version)).outcome {
            case .committed: return outcome(.imported)
            case .known: return outcome(.known)
            case .conflict(.compromised): return outcome(.refused, "the station's key was reported compromised")
            case .conflict: return outcome(.refused, "another restoration \(restoration.number) of it is on record")
            case .stale: metrics.count(.staleCommits)
            case .challengeUsed: throw ServiceProblem.undecided("the record refused a restoration")
            }
        }
        throw ServiceProblem.busy("the record of a restored instance kept moving")
    }
}
