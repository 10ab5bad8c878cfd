import HTTPService
import Logging
import Messages
import UpdateTrust
import VerifierStore

/// Staged rollouts, as operators see and change them.
extension Verifier {
    /// `GET /v1/releases/{manifest}/rollout`.
    func showRollout(_ exchange: Exchange) async throws -> Answer {
        try await rollout(try manifest(exchange))
    }

    /// `POST /v1/releases/{manifest}/rollout`.
    func changeRollout(_ exchange: Exchange, _ acting: Acting) async throws -> Answer {
        let manifest = try manifest(exchange)
        let order = try exchange.message(RolloutOrder.init(parsing:))
        let act = RolloutAct(order, by: acting.by, statement: acting.statement)
        // Another operator, or the verifier that halts it, may move it at this moment; then the act is judged again.
        for _ in 0..<5 {
            let staged = try await store.rollout(of: manifest)
            switch try act.apply(to: staged, of: manifest, at: clock.seconds) {
            case .refused(let because):
                guard try await store.release(manifest) != nil else { throw ServiceProblem.notFound }
                throw ServiceProblem.conflict(because)
            case .applied(let change):
                switch try await commit(.rollout(change), acting) {
                case .committed:
                    logger.notice(
                        "operator",
                        metadata: [
                            "act": "rollout-\(order.verb.rawValue)", "operator": "\(act.by)", "release": "\(manifest)",
                            "reason": "\(order.reason)",
                        ]
                    )
                    return try await rollout(manifest)
                case .stale: metrics.count(.staleCommits)
                case .conflict(.missing): throw ServiceProblem.notFound
                case .known, .challengeUsed, .conflict:
                    throw ServiceProblem.undecided("the record refused a rollout")
                }
            }
        }
        throw ServiceProblem.busy("the rollout kept moving")
    }

    private func rollout(_ manifest: ContentDigest) async throws -> Answer {
        guard let staged = try await store.rollout(of: manifest) else { throw ServiceProblem.notFound }
        let tiers = try await store.updateTiers(of: manifest)
        return try .json(
            RolloutReport(
                manifest: staged.rollout.release,
                status: staged.rollout.status.rawValue,
                plan: staged.rollout.plan,
                confirmed: staged.confirmed,
                failed: staged.failed,
                tiers: Dictionary(uniqueKeysWithValues: tiers.map { ($0.rawValue, $1) }),
                changedAt: staged.rollout.changedAt,
                changedBy: staged.rollout.changedBy.description,
                reason: staged.rollout.reason.text
            )
        )
    }
}
