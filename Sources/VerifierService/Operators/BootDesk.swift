import Appraisal
import AttestationResults
import Logging
import Messages
import UpdateTrust
import VerifierStore

/// What operators see of a boot that was refused, and how they let it through.
extension Verifier {
    /// `GET /v1/instances/{name}/refused-boot`.
    func explainBoot(_ exchange: Exchange) async throws -> Answer {
        let (record, state) = try await instance(exchange)
        guard let refused = state.refused else { throw ServiceProblem.notFound }
        let expectedLog = state.acceptedLog ?? record.firstBoot.log
        var explanation = BootExplanation(
            instance: record.instance,
            serial: record.serial,
            refusedAt: refused.at,
            quote: refused.quote,
            log: refused.log,
            expectedLog: expectedLog,
            reasons: refused.reasons,
            boots: BootExplaining.boots(state.expectations(for: .attest), seen: refused.pcrs),
            events: [],
            notes: []
        )
        if let quoted = refused.pcrs, let seen = try await held(refused.log), let expected = try await held(expectedLog)
        {
            (explanation.events, explanation.notes) = BootExplaining.events(
                expected: expected,
                seen: seen,
                quoted: quoted
            )
        } else {
            explanation.notes = ["events cannot be compared: both logs and the quoted values are needed"]
        }
        explanation.notes += (refused.ima ?? []).map { "Linux measured \($0)" }
        return try .json(explanation)
    }

    private func held(_ log: ContentDigest?) async throws -> [UInt8]? {
        guard let log else { return nil }
        return try await store.log(log)
    }

    /// `POST /v1/instances/{name}/allow-boot`: the instance stays suspended until it is reinstated.
    func allowBoot(_ exchange: Exchange) async throws -> Answer {
        let addition: BootAddition
        do { addition = try BootAddition(parsing: exchange.body) } catch {
            throw ServiceProblem.malformed(error.detail)
        }
        let allowance = BootAllowance(addition, by: try caller(exchange))
        let (record, state) = try await instance(exchange)
        switch try allowance.apply(to: state, at: clock.seconds) {
        case .refused(let because): throw ServiceProblem.conflict(because)
        case .applied(let transition):
            guard case .committed = try await committer.commit(.act(transition, replacing: state.version)).outcome
            else {
                throw ServiceProblem.busy("the instance's record moved")
            }
            logger.notice(
                "operator",
                metadata: [
                    "act": "allow-boot", "operator": "\(allowance.by)", "instance": "\(record.instance)",
                    "evidence": "\(addition.quote)", "pcrs": "\(addition.pcrs)", "reason": "\(addition.reason)",
                ]
            )
            return try .json(Self.report(record, transition.state))
        }
    }
}
