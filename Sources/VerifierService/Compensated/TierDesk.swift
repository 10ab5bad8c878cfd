import HTTPService
import Logging
import Messages
import UpdateTrust
import VerifierStore

/// How operators let an instance speak without its TPM for a time, and end that.
extension Verifier {
    /// `POST /v1/instances/{name}/lower-tier`: the same order again is answered again.
    func lowerTier(_ exchange: Exchange, _ acting: Acting) async throws -> Answer {
        let lowering: TierLowering
        do throws(MessageError) {
            let order = try LowerTierOrder(parsing: exchange.body)
            lowering = TierLowering(
                try KeyRequest(parsing: order.request.bytes),
                seconds: Int64(order.days) * 86_400,
                by: acting.by,
                reason: order.reason,
                statement: acting.statement
            )
        } catch { throw ServiceProblem.malformed(error.detail) }
        guard try await store.birth(of: InstanceID(firstKey: lowering.request.key)) == nil else {
            throw ServiceProblem.conflict(
                "The key is that of another device, which was born with it: give the request that this device's agent has made."
            )
        }
        for _ in 0..<5 {
            let (birth, state) = try await instance(exchange)
            let used = try await store.ratchetPositions(of: [lowering.request.key], state.instance)
            let outcome = try lowering.apply(
                to: state,
                bornFrom: birth.facts,
                isKeyUsed: !used.isEmpty,
                at: clock.seconds
            )
            switch outcome {
            case .refused(let because): throw ServiceProblem.conflict(because)
            case .known: return try answer(lowering, birth, state)
            case .applied(let transition):
                let change = StoreChange.act(transition, replacing: state.version)
                guard case .committed = try await commit(change, acting) else {
                    metrics.count(.staleCommits)
                    continue
                }
                logger.notice(
                    "operator",
                    metadata: [
                        "act": "lower-tier", "operator": "\(acting.by)", "instance": "\(state.instance)",
                        "until": "\(transition.state.lowered?.mark.until ?? 0)", "reason": "\(lowering.reason)",
                    ]
                )
                return try answer(lowering, birth, transition.state)
            }
        }
        throw ServiceProblem.busy("the instance's record kept moving")
    }

    private func answer(_ lowering: TierLowering, _ birth: InstanceBirth, _ state: InstanceState) throws -> Answer {
        guard let lowered = state.lowered else { throw ServiceProblem.undecided("a tier that is not lowered") }
        return try .json(
            LoweredTierFile(
                instance: state.instance,
                serial: birth.facts.serial,
                key: lowering.request.key,
                bornWith: birth.facts.bornWith,
                running: RunningPackage(
                    name: state.running.name,
                    version: state.running.version,
                    securityVersion: state.running.securityVersion,
                    manifest: state.running.manifest
                ),
                securityFloor: state.securityFloor,
                lowered: lowered.mark
            )
        )
    }

    /// `POST /v1/instances/{name}/raise-tier`.
    func raiseTier(_ exchange: Exchange, _ acting: Acting) async throws -> Answer {
        let raise = TierRaise(by: acting.by, reason: try reason(exchange), statement: acting.statement)
        let (birth, state) = try await applying(exchange, acting) { _, state in
            guard let transition = try raise.apply(to: state, at: clock.seconds) else {
                throw ServiceProblem.conflict("The instance's tier is not lowered.")
            }
            return transition
        }
        logger.notice(
            "operator",
            metadata: [
                "act": "raise-tier", "operator": "\(raise.by)", "instance": "\(birth.facts.instance)",
                "reason": "\(raise.reason)",
            ]
        )
        return try .json(Self.report(birth, state))
    }
}
