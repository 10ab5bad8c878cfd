import Messages

extension UpdateConditions {
    /// What is missing of the people whom the rule wants.
    var approval: [DecisionReason] {
        guard let wanted = rule.releaseApprovals, let approvers else { return [] }
        return approvers.count < wanted.count ? [.releaseNotApproved] : []
    }

    /// The entries of the approvals that counted, as a decision names them; `nil` when none did.
    var approvalEntries: [ContentDigest]? {
        guard let approvers, !approvers.isEmpty else { return nil }
        return approvers.map(\.entry)
    }

    /// The approvals that count, one for each person; `nil` when none are wanted.
    ///
    /// What the instance has confirmed already goes out to nobody by being put back.
    private var approvers: [RecordedApproval]? {
        guard let wanted = rule.releaseApprovals, state.running.manifest != known.manifest else { return nil }
        return authority.approvals.ofTheRelease.counting(wanted.roles, at: now)
    }

    /// Who has approved, and how many have to, for people.
    var approvalDetails: [String] {
        guard let wanted = rule.releaseApprovals, let approvers else { return [] }
        let people = approvers.map { "\($0.approval.by)" }
        let there = people.isEmpty ? "" : " (\(people.joined(separator: ", ")))"
        return ["the release is approved by \(people.count)\(there) of \(wanted.says)"]
    }
}
