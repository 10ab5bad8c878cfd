import AttestationResults
import HTTPService
import Messages
import UpdateTrust
import VerifierStore

/// The last words of devices without a TPM that operators retired.
extension Verifier {
    /// `POST /v1/compensated-farewells`: taken once of a retired instance, also out of a gateway's hands; again it changes nothing.
    func takeCompensatedLeave(_ exchange: Exchange) async throws -> Answer {
        let evidence = try exchange.message(CompensatedEvidence.init(parsing:))
        let given = try await received(evidence, wantsResult: false, isLeaving: true)
        return try await undecidedOnFault(.farewell) { try await takeLeave(given) }
    }

    private func takeLeave(_ given: CompensatedCase) async throws -> Answer {
        let instance = given.request.request.instance
        for _ in 0..<Self.attempts {
            let policy = policy.now.policy
            let (snapshot, subject, verdict, positions) = try await appraise(given)
            // A copy that speaks shows, whatever it says.
            if case .forked = verdict, snapshot.state.lifecycle != .retired {
                _ = try await decide(given)
                throw ServiceProblem.undecided("a copy of \(instance) spoke, and was none")
            }
            var input = try await input(given, subject, verdict, snapshot, policy)
            let archived = try archive(&input, given, positions, .farewell)
            switch UpdateTrust.takeLeave(input) {
            case .known(let farewell): return try answer(farewell, to: given, wasKnown: true)
            case .refused(let refused): throw refusal(refused, of: instance)
            case .notAuthentic: throw notAuthentic(instance, .farewell, "no farewell of this instance's")
            case .undecided(let cause): throw ServiceProblem.undecided(cause)
            case .taken(let transition, let farewell):
                var change = change(given, nil, transition, snapshot, policy)
                change.keep(archived)
                switch try await committer.commit(.decision(change)).outcome {
                case .committed: return try answer(farewell, to: given, wasKnown: false)
                case .stale: metrics.count(.staleCommits)
                case .challengeUsed: throw notAuthentic(instance, .farewell, "the challenge was used before")
                case .known, .conflict: throw ServiceProblem.undecided("the record refused a farewell")
                }
            }
        }
        throw ServiceProblem.undecided("the record of \(instance) moved \(Self.attempts) times")
    }

    private func answer(_ farewell: Farewell, to given: CompensatedCase, wasKnown: Bool) throws -> Answer {
        let instance = given.request.request.instance
        let word = FarewellWord(
            by: materials.configuration.name,
            to: instance,
            request: given.request.digest,
            farewell
        )
        return try answer(farewell, of: instance, wasKnown: wasKnown, word: try materials.resultSigner.sign(word))
    }
}
