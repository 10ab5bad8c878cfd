import Appraisal
import HTTPService
import Messages
import UpdateTrust

extension Verifier {
    /// Holds the challenge to the request, and uses it up.
    func consume(
        _ evidence: Evidence,
        _ request: ReceivedRequest,
        _ enrolled: Enrolled
    ) async throws -> Challenges.Valid {
        let record = enrolled.record
        let binding = Challenges.Binding(
            instance: record.instance,
            purpose: request.request.purpose,
            package: request.request.package?.sha256,
            iakName: record.iak.name.bytes,
            selection: record.selection
        )
        return try await consume(request.request.challenge, for: binding) {
            Appraiser.isAuthentic(
                evidence.attest.bytes,
                evidence.signature.bytes,
                by: enrolled.key,
                for: request.qualifyingData
            )
        }
    }

    /// Holds a challenge to what it was given for, and uses it up.
    ///
    /// That comes before the evidence is looked at. Only where strangers have filled the memory does a signature have to buy a place in it:
    /// what follows from signed evidence is not always committed (a suspended instance is refused, and nothing is recorded), so the
    /// record alone would let a challenge be used twice.
    /// - Parameter isSigned: whether the instance's own key has signed the evidence, for this challenge.
    func consume(
        _ token: String,
        for binding: Challenges.Binding,
        isSigned: () async throws -> Bool
    ) async throws -> Challenges.Valid {
        let now = clock.milliseconds()
        let challenge: Challenges.Valid
        do throws(Challenges.Refusal) {
            challenge = try challenges.check(token, for: binding, now: now)
        } catch { throw notAuthentic(binding.instance, binding.purpose, "the challenge is \(error)") }
        var consumption = consumed.consume(challenge.nonce, now: now)
        if consumption == .full {
            guard try await isSigned() else {
                metrics.count(.garbage)
                throw ServiceProblem.busy(
                    "the memory of challenges is full, and nobody has signed this one",
                    isGarbage: true
                )
            }
            consumption = consumed.consume(challenge.nonce, signedBy: binding.instance, now: now)
        }
        switch consumption {
        case .first: return challenge
        case .repeated: throw notAuthentic(binding.instance, binding.purpose, "the challenge was presented before")
        case .full: throw ServiceProblem.busy("the memory of challenges is full, or this instance has its share of it")
        }
    }

    func notAuthentic(_ request: ReceivedRequest, _ detail: String) -> ServiceProblem {
        notAuthentic(request.request.instance, request.request.purpose, detail)
    }

    func notAuthentic(_ instance: InstanceID, _ purpose: Purpose, _ detail: String) -> ServiceProblem {
        metrics.count(.garbage)
        metrics.count(.decisions, purpose.rawValue, "not-authentic")
        return .notAuthentic("\(instance): \(detail)")
    }
}
