import HTTPService
import Logging
import Messages
import UpdateTrust
import VerifierStore

/// Named people who approve a release as a whole, or let it go to devices without a TPM.
extension Verifier {
    /// `POST /v1/approvals`.
    func approve(_ exchange: Exchange, _ acting: Acting) async throws -> Answer {
        let order = try exchange.message(ApprovalOrder.init(parsing:))
        guard acting.caller.roles.contains(order.role) else { throw ServiceProblem.forbidden }
        var instance: InstanceID?
        if let device = order.device {
            instance = InstanceID(device.text)
            if instance == nil { instance = try await store.instance(serial: device) }
            guard let instance, try await speaksWithoutTPM(instance) else {
                throw ServiceProblem.conflict("No device of that name without a TPM is on record.")
            }
        }
        let now = clock.seconds
        let approval = Approval(
            release: order.release,
            instance: instance,
            environment: order.environment,
            by: acting.by,
            role: order.role,
            reason: order.reason,
            until: now + Int64(order.hours) * 3600
        )
        guard let approval else { throw ServiceProblem.malformed("an approval of nothing") }
        let entry = try entry(.approval(approval), acting, at: now)
        switch try await commit(.approval(approval, entry: entry), acting) {
        case .committed, .known: break
        case .conflict(.missing): throw ServiceProblem.conflict("No such release is registered.")
        case .stale, .challengeUsed, .conflict: throw ServiceProblem.undecided("the record refused an approval")
        }
        logger.notice(
            "operator",
            metadata: [
                "act": "approve", "operator": "\(acting.by)", "release": "\(order.release)",
                "for": "\(instance?.text ?? order.environment?.text ?? "all devices")", "reason": "\(order.reason)",
            ]
        )
        return try .json(ApprovalReport(RecordedApproval(approval, entry: entry.digest)))
    }

    /// `GET /v1/releases/{manifest}/approvals`.
    func listApprovals(_ exchange: Exchange) async throws -> Answer {
        guard let manifest = ContentDigest(try exchange.parameter("manifest")),
            try await store.release(manifest) != nil
        else { throw ServiceProblem.notFound }
        let approvals = try await self.approvals(of: manifest)
        return try .json(ApprovalList(approvals: approvals.map(ApprovalReport.init)))
    }
}

extension ApprovalReport {
    init(_ recorded: RecordedApproval) {
        let approval = recorded.approval
        self.init(
            entry: recorded.entry,
            release: approval.release,
            instance: approval.instance,
            environment: approval.environment,
            by: approval.by,
            role: approval.role,
            reason: approval.reason.text,
            until: approval.until
        )
    }
}
