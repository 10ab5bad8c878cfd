import Appraisal
import HTTPService
import Logging
import Messages
import UpdateTrust
import VerifierStore

/// The last words of devices that operators retired.
extension Verifier {
    /// `POST /v1/farewells`: taken once of a retired instance; again it changes nothing.
    func takeLeave(_ exchange: Exchange) async throws -> Answer {
        let (evidence, request, enrolled) = try await received(exchange, for: .farewell)
        let challenge = try await consume(evidence, request, enrolled)
        let given = Case(
            evidence: evidence,
            request: request,
            enrolled: enrolled,
            challenge: challenge,
            wantsResult: false
        )
        return try await undecidedOnFault(.farewell) { try await takeLeave(given) }
    }

    private func takeLeave(_ given: Case) async throws -> Answer {
        let instance = given.request.request.instance
        for _ in 0..<Self.attempts {
            let current = policy.now
            guard let snapshot = try await store.snapshot(of: instance, release: nil) else {
                throw ServiceProblem.undecided("the state of \(instance) is gone")
            }
            let (appraised, log) = try await appraise(given, snapshot.state, current)
            var input = try await input(given, snapshot, appraised, current.policy, isLogHeld: log.isHeld)
            let archived = try archive(&input, given, appraised, .farewell)
            switch UpdateTrust.takeLeave(input) {
            case .known(let farewell): return try answer(farewell, of: instance, wasKnown: true)
            case .refused(let refused): throw refusal(refused, of: instance)
            case .notAuthentic: throw notAuthentic(given.request, "no farewell of this instance's")
            case .undecided(let cause): throw ServiceProblem.undecided(cause)
            case .taken(let transition, let farewell):
                var change = change(given, nil, transition, snapshot, current.policy, log: log.new)
                change.keep(archived)
                switch try await committer.commit(.decision(change)).outcome {
                case .committed: return try answer(farewell, of: instance, wasKnown: false)
                case .stale: metrics.count(.staleCommits)
                case .challengeUsed: throw notAuthentic(given.request, "the challenge was used before")
                case .known, .conflict: throw ServiceProblem.undecided("the record refused a farewell")
                }
            }
        }
        throw ServiceProblem.undecided("the record of \(instance) moved \(Self.attempts) times")
    }

    /// The answer to a farewell that was not taken.
    func refusal(_ refused: Refused, of instance: InstanceID) -> ServiceProblem {
        metrics.count(.decisions, Purpose.farewell.rawValue, "refused")
        for reason in refused.codes { metrics.count(.reasons, reason) }
        return .refused(
            refused.reasons.first?.sentence ?? "Refused.",
            reasons: refused.codes,
            instance: instance.text
        )
    }

    func answer(
        _ farewell: Farewell,
        of instance: InstanceID,
        wasKnown: Bool,
        word: String? = nil
    ) throws -> Answer {
        metrics.count(.decisions, Purpose.farewell.rawValue, wasKnown ? "known" : "accepted")
        logger.notice("farewell", metadata: ["instance": "\(instance)", "known": "\(wasKnown)"])
        return try .json(FarewellAnswer(instance: instance, at: farewell.at, wasKnown: wasKnown, word: word))
    }
}
