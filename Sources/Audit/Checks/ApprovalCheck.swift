import Messages
import UpdateTrust

extension AuditCheck {
    static let approvals = AuditCheck(says: "each approval that a decision counted is on the ledger, and counted then")
    {
        record,
        _ in
        record.entries.flatMap { placed -> [AuditFinding] in
            guard case .compensated(let decision) = placed.entry.body, decision.accepted,
                decision.purpose.namesPackage, let instance = placed.entry.instance
            else { return [] }
            let wanted =
                record.policies[decision.policy]?.rules.first { $0.id == decision.rule }?.controls?.approvals ?? 0
            let cited = decision.controls.filter { $0.control == .approval }.flatMap { $0.evidence ?? [] }
            let faults = cited.flatMap { problems($0, of: placed, instance, record) }
            let people = Set(cited.compactMap { record.approval($0)?.by })
            return (faults + (people.count < wanted ? ["\(people.count) of \(wanted) people have approved it"] : []))
                .map { AuditFinding(placed.place, $0) }
        }
    }

    private static func problems(
        _ digest: ContentDigest,
        of decision: AuditRecord.PlacedEntry,
        _ instance: InstanceID,
        _ record: AuditRecord
    ) -> [String] {
        guard let placed = record.byDigest[digest], let approval = record.approval(digest) else {
            return ["the approval \(digest.short) is missing"]
        }
        let person = "the approval by \(approval.by)"
        var problems: [String] = []
        if placed.index > decision.index { problems.append("\(person) came later") }
        if approval.until <= decision.entry.at { problems.append("\(person) was over") }
        if let facts = record.birth(of: instance)?.facts, !approval.covers(facts) {
            problems.append("\(person) is for another instance")
        }
        return problems
    }
}

extension AuditRecord {
    func approval(_ digest: ContentDigest) -> Approval? {
        guard case .approval(let approval) = byDigest[digest]?.entry.body else { return nil }
        return approval
    }
}
