import HTTPService
import Logging
import Messages
import UpdateTrust
import VerifierStore

extension Verifier {
    /// `POST /v1/instances/{name}/settle-fork`: which of two copies goes on.
    func settleFork(_ exchange: Exchange, _ acting: Acting) async throws -> Answer {
        let order = try exchange.message(ForkOrder.init(parsing:))
        let settlement = ForkSettlement(
            order.line,
            by: acting.by,
            reason: order.reason,
            statement: acting.statement
        )
        let (birth, state) = try await applying(exchange, acting) { _, state in
            guard let transition = try settlement.apply(to: state, at: clock.seconds) else {
                throw ServiceProblem.conflict("There are no two copies of the instance to choose from.")
            }
            return transition
        }
        logger.notice(
            "operator",
            metadata: [
                "act": "settle-fork", "operator": "\(settlement.by)", "instance": "\(birth.facts.instance)",
                "line": "\(order.line.rawValue)", "reason": "\(order.reason)",
            ]
        )
        return try .json(Self.report(birth, state))
    }
}
