import HTTPService
import Logging
import Messages
import UpdateTrust
import VerifierStore

/// Two people, in an emergency.
extension Verifier {
    /// `POST /v1/emergencies`: one of them.
    func declareEmergency(_ exchange: Exchange, _ acting: Acting) async throws -> Answer {
        let order = try exchange.message(EmergencyOrder.init(parsing:))
        let by = acting.by
        let now = clock.seconds
        guard let emergency = Emergency(order, by: by, at: now) else {
            throw ServiceProblem.malformed("an emergency without an end")
        }
        let entry = try entry(.emergency(emergency), acting, at: now)
        switch try await commit(.emergency(emergency, entry: entry), acting) {
        case .committed: break
        case .known: return try .json(try await emergencyList())
        case .conflict(.missing): throw ServiceProblem.conflict("No such release is registered.")
        case .stale, .challengeUsed, .conflict:
            throw ServiceProblem.undecided("the record refused an emergency")
        }
        metrics.count(.emergencyDeclarations)
        logger.error(
            "emergency declared",
            metadata: [
                "operator": "\(by)", "release": "\(order.release)",
                "lifts": "\(order.overrides.map(\.rawValue).joined(separator: ","))",
                "until": "\(emergency.until)", "reason": "\(emergency.reason)",
            ]
        )
        return try .json(try await emergencyList())
    }

    /// `GET /v1/emergencies`.
    func listEmergencies(_ exchange: Exchange) async throws -> Answer {
        try .json(try await emergencyList())
    }

    /// What was declared and is not over.
    func emergencyList() async throws -> EmergencyList {
        let recorded = try await self.emergencies(of: nil)
        return EmergencyList(
            declared: recorded.map(EmergencyReport.init),
            inForce: recorded.inForce(at: clock.seconds)
        )
    }
}

extension EmergencyReport {
    init(_ recorded: RecordedEmergency) {
        let emergency = recorded.emergency
        self.init(
            entry: recorded.entry,
            release: emergency.release,
            overrides: emergency.overrides,
            by: emergency.by,
            reason: emergency.reason.text,
            until: emergency.until
        )
    }
}
