import HTTPService
import Logging
import Messages
import UpdateTrust
import VerifierStore

extension Verifier {
    /// `POST /v1/instances/{name}/gateways`: through whom an instance without a TPM may speak.
    func assignGateways(_ exchange: Exchange, _ acting: Acting) async throws -> Answer {
        let order = try exchange.message(GatewayOrder.init(parsing:))
        var gateways: [InstanceID] = []
        for name in order.gateways { gateways.append(try await gateway(name)) }
        let assignment = GatewayAssignment(
            gateways,
            by: acting.by,
            reason: order.reason,
            statement: acting.statement
        )
        let (birth, state) = try await applying(exchange, acting) { _, state in
            guard let transition = try assignment.apply(to: state, at: clock.seconds) else {
                throw ServiceProblem.conflict("The instance has a TPM and speaks for itself, or is retired.")
            }
            return transition
        }
        logger.notice(
            "operator",
            metadata: [
                "act": "assign", "operator": "\(assignment.by)", "instance": "\(birth.facts.instance)",
                "gateways": "\(gateways.map(\.text).joined(separator: ","))", "reason": "\(order.reason)",
            ]
        )
        return try .json(Self.report(birth, state))
    }

    private func gateway(_ name: Label) async throws -> InstanceID {
        var instance = InstanceID(name.text)
        if instance == nil { instance = try await store.instance(serial: name) }
        guard let instance, case .measured? = try await enrolledBirth(instance) else {
            throw ServiceProblem.conflict("\(name) is no device with a TPM that is on record.")
        }
        return instance
    }
}
