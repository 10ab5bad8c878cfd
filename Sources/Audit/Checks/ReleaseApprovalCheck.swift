import Messages
import UpdateTrust

extension AuditCheck {
    static let releaseApprovals = AuditCheck(
        says:
            "each release that had to be approved as a whole was, by as many people as the rule wants, before it was granted"
    ) { record, _ in
        record.chains.values.flatMap { chain in
            chain.flatMap { placed -> [AuditFinding] in
                guard case .grant(let grant) = placed.entry.body else { return [] }
                return record.approvalProblems(of: grant, placed).map { AuditFinding(placed.place, $0) }
            }
        }
        .sorted { $0.place < $1.place }
    }
}

extension AuditRecord {
    fileprivate func approvalProblems(of grant: GrantEntry, _ placed: PlacedEntry) -> [String] {
        guard let made = decision(on: grant, before: placed) else { return [] }
        let faults = Self.firstProblems(with: made.cited) { problems(of: $0, grant, before: made.placed) }
        guard faults.isEmpty, let rule = policies[made.policy]?.rules.first(where: { $0.id == made.rule }),
            let wanted = rule.releaseApprovals, !isOnRecord(grant, before: placed)
        else { return faults }
        let counting = made.cited.compactMap { approval($0) }.filter { wanted.roles?.contains($0.role) ?? true }
        let people = Set(counting.map(\.by)).count
        return people < wanted.count ? ["\(people) of \(wanted.count) people have approved its release"] : []
    }

    /// The accepted decision that a grant answers, and the approvals of the release that it counted.
    private func decision(
        on grant: GrantEntry,
        before placed: PlacedEntry
    ) -> (placed: PlacedEntry, policy: ContentDigest, rule: Label?, cited: [ContentDigest])? {
        guard let earlier = decision(answeredBy: grant, placed) else { return nil }
        switch earlier.entry.body {
        case .decision(let body): return (earlier, body.policy, body.rule, body.approvals ?? [])
        case .compensated(let body): return (earlier, body.policy, body.rule, body.approvals ?? [])
        default: return nil
        }
    }

    private func problems(
        of digest: ContentDigest,
        _ grant: GrantEntry,
        before decision: PlacedEntry
    ) -> [String] {
        guard let placed = byDigest[digest], let approval = self.approval(digest) else {
            return ["the approval \(digest.short) is missing"]
        }
        let person = "the approval by \(approval.by)"
        var problems: [String] = []
        if placed.index > decision.index { problems.append("\(person) came later") }
        if approval.until <= decision.entry.at { problems.append("\(person) was over") }
        if !approval.isOfTheRelease || approval.release != grant.package.manifest {
            problems.append("\(person) is not of its release")
        }
        if !placed.isActOf(approval.by) { problems.append("\(person) was not recorded as that person's act") }
        return problems
    }

    /// What an instance has confirmed goes out to it again without being approved; of a span, its receipt may be elsewhere.
    private func isOnRecord(_ grant: GrantEntry, before placed: PlacedEntry) -> Bool {
        if case .entries = bundle.subject { return true }
        return index(of: placed)?.received[grant.package.manifest].map { $0 < placed.index } ?? false
    }
}
