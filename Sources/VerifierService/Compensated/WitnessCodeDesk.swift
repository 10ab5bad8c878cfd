import HTTPService
import Logging
import Messages
import UpdateTrust
import VerifierStore

extension Verifier {
    /// `POST /v1/instances/{name}/witness`: makes a code, and tells it this once.
    func giveWitnessCode(_ exchange: Exchange, _ acting: Acting) async throws -> Answer {
        let order = try exchange.message(WitnessCodeOrder.init(parsing:))
        guard let code = WitnessCode(number: UInt64.random(in: 0..<WitnessCode.count)) else {
            throw ServiceProblem.undecided("no code")
        }
        let act = WitnessCodeAct(
            order.release,
            seconds: Int64(order.minutes) * 60,
            by: acting.by,
            reason: order.reason,
            statement: acting.statement
        )
        var awaited: AwaitedWitnessCode?
        let (birth, state) = try await applying(exchange, acting) { _, state in
            guard try await store.release(order.release) != nil else {
                throw ServiceProblem.conflict("No such release is registered.")
            }
            guard let (transition, made) = try act.apply(code, to: state, at: clock.seconds) else {
                throw ServiceProblem.conflict("The instance is suspended or retired, or its TPM speaks for it.")
            }
            awaited = made
            return transition
        }
        guard let awaited else { throw ServiceProblem.undecided("a code that nobody awaits") }
        logger.notice(
            "operator",
            metadata: [
                "act": "witness-code", "operator": "\(act.by)", "instance": "\(birth.facts.instance)",
                "release": "\(order.release)", "until": "\(awaited.until)", "reason": "\(order.reason)",
            ]
        )
        return try .json(
            WitnessCodeAnswer(
                code: code,
                instance: state.instance,
                release: order.release,
                until: awaited.until,
                entry: awaited.act
            )
        )
    }
}
