import HTTPService
import Messages
import UpdateTrust
import VerifierStore

/// What operators see of the policy.
extension Verifier {
    /// `GET /v1/policy`.
    func showPolicy(_ exchange: Exchange) async throws -> Answer {
        let current = policy.now
        return try .json(PolicyReport(digest: current.policy.digest, policy: Blob(current.bytes)))
    }

    /// `POST /v1/policy/explain`.
    func explainPolicy(_ exchange: Exchange) async throws -> Answer {
        let question = try exchange.message { bytes throws(MessageError) in
            try CanonicalJSON.decode(PolicyQuestion.self, from: bytes, limit: PolicyQuestion.maximumSize)
        }
        guard let birth = try await store.birth(of: question.instance),
            let snapshot = try await store.snapshot(of: question.instance, release: question.manifest)
        else { throw ServiceProblem.notFound }
        var approvals: [RecordedApproval] = []
        var emergencies: [RecordedEmergency] = []
        if let manifest = question.manifest {
            approvals = try await self.approvals(of: manifest)
            emergencies = try await self.emergencies(of: manifest)
        }
        let explanation = policy.now.policy.explain(
            try InstanceBirth(parsing: birth.payload),
            state: snapshot.state,
            manifest: question.manifest,
            known: try await known(question.manifest, snapshot),
            approvals: approvals,
            emergencies: emergencies,
            at: clock.seconds
        )
        return try .json(explanation)
    }
}
