import HTTPService
import Logging
import Messages
import UpdateTrust
import VerifierStore

extension Verifier {
    /// `POST /v1/instances/{name}/allow-downgrade`: one install below the floor, for a while.
    func allowDowngrade(_ exchange: Exchange, _ acting: Acting) async throws -> Answer {
        let order = try exchange.message(DowngradeOrder.init(parsing:))
        let (birth, state) = try await applying(exchange, acting) { birth, state in
            let record = try birth.withTPM()
            guard let snapshot = try await store.snapshot(of: record.instance, release: order.manifest),
                let known = try await known(order.manifest, snapshot)
            else {
                throw ServiceProblem.conflict("No such release is registered.")
            }
            let act = DowngradeAllowance(
                known,
                seconds: Int64(order.hours) * 3600,
                by: acting.by,
                reason: order.reason,
                statement: acting.statement
            )
            switch try act.apply(to: state, bornFrom: record, at: clock.seconds) {
            case .applied(let transition): return transition
            case .refused(let because): throw ServiceProblem.conflict(because)
            }
        }
        logger.notice(
            "operator",
            metadata: [
                "act": "allow-downgrade", "operator": "\(acting.by)", "instance": "\(birth.facts.instance)",
                "release": "\(order.manifest)", "reason": "\(order.reason)",
            ]
        )
        return try .json(Self.report(birth, state))
    }
}
