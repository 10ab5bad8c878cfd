import HTTPService
import Logging
import Messages
import UpdateTrust
import VerifierStore

/// What people have said of a release that somebody asks for.
extension Verifier {
    /// As far as the rule that decides wants to know it.
    func authority(
        over package: PackageReference?,
        _ facts: BirthFacts,
        _ policy: Policy,
        _ snapshot: DecisionSnapshot
    ) async throws -> ReleaseAuthority {
        guard let package, let rule = policy.rule(for: PolicySubject(facts, package: package.name)) else {
            return ReleaseAuthority()
        }
        var authority = ReleaseAuthority()
        if rule.releaseApprovals != nil {
            authority.approvals = try await self.approvals(of: package.manifest)
        }
        authority.emergencies = try await emergencies(over: package.manifest, rule, snapshot)
        return authority
    }

    /// The emergencies of a release, where there is anything that they could lift.
    func emergencies(
        over release: ContentDigest,
        _ rule: PolicyRule?,
        _ snapshot: DecisionSnapshot
    ) async throws -> [RecordedEmergency] {
        guard rule?.window != nil || snapshot.rollout?.status == .halted else { return [] }
        return try await self.emergencies(of: release)
    }

    /// The approvals of a release that are not over, of people whose name counts.
    func approvals(of release: ContentDigest) async throws -> [RecordedApproval] {
        let revoked = trust.now.revokedOperators
        return try await store.approvals(of: release, at: clock.seconds).filter { !revoked.contains($0.approval.by) }
    }

    /// The emergencies of a release, or of all, that are not over, declared by people whose name counts.
    func emergencies(of release: ContentDigest?) async throws -> [RecordedEmergency] {
        let revoked = trust.now.revokedOperators
        return try await store.emergencies(of: release, at: clock.seconds)
            .filter { !revoked.contains($0.emergency.by) }
    }

    /// What would have been refused at any other time is told to whoever watches.
    func noteEmergency(_ transition: Transition) {
        for written in transition.entries {
            let cited: [ContentDigest]? =
                switch written.entry.body {
                case .decision(let body): body.emergencies
                case .compensated(let body): body.emergencies
                default: nil
                }
            guard let cited else { continue }
            metrics.count(.emergencyGrants)
            logger.warning(
                "granted in an emergency",
                metadata: [
                    "instance": "\(transition.state.instance)",
                    "declared": "\(cited.map(\.description).joined(separator: ","))",
                ]
            )
        }
    }
}
