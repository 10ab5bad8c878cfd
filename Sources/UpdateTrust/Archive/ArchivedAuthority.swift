public import Messages

/// What every decision is taken on, whatever the instance showed.
protocol ArchivedInput {
    var now: Int64 { get }
    var verifier: Label { get }
    var policy: Policy { get }
    var state: InstanceState { get }
    var standings: ReleaseStandings { get }
    var release: KnownRelease? { get }
    var identifiers: FreshIdentifiers { get }
    /// Those for others have no say, and would make a row as large as the fleet.
    var approvalsAskedFor: [RecordedApproval]? { get }
    var emergencies: [RecordedEmergency] { get }
}

extension DecisionInput: ArchivedInput {
    var emergencies: [RecordedEmergency] { authority.emergencies }

    /// The approvals of the release as a whole; `nil` when the rule does not want to know them.
    var approvalsAskedFor: [RecordedApproval]? {
        guard let package = request.request.package,
            policy.rule(for: PolicySubject(record.facts, package: package.name))?.releaseApprovals != nil
        else { return nil }
        return authority.approvals.ofTheRelease
    }
}

extension CompensatedInput: ArchivedInput {
    /// The approvals of the release as a whole, and those that speak of this instance; `nil` when no release is asked for.
    var approvalsAskedFor: [RecordedApproval]? {
        guard request.request.package != nil else { return nil }
        return approvals.filter { $0.approval.isOfTheRelease || $0.approval.covers(record.facts) }
    }
}

extension ArchivedDecision {
    /// What people had said of the release that was asked for.
    /// - Returns: `nil` when the policy wants to know who had approved it, and none of then did.
    public func authority(
        over package: PackageReference?,
        _ facts: BirthFacts,
        by policy: Policy
    ) -> ReleaseAuthority? {
        let emergencies = emergencies ?? []
        if let approvals { return ReleaseAuthority(approvals: approvals, emergencies: emergencies) }
        if let package, policy.rule(for: PolicySubject(facts, package: package.name))?.releaseApprovals != nil {
            return nil
        }
        return ReleaseAuthority(emergencies: emergencies)
    }
}
