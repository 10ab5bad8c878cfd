import Messages
import UpdateTrust

extension AuditCheck {
    static let approvals = AuditCheck(says: "each approval that a decision counted is on the ledger, and counted then")
    {
        record,
        _ in
        record.entries.flatMap { placed -> [AuditFinding] in
            switch placed.entry.body {
            case .compensated(let decision): problems(of: decision, placed, record)
            case .grant(let grant): problems(of: grant, placed, record)
            default: []
            }
        }
    }

    private static func problems(
        of decision: CompensatedDecisionEntry,
        _ placed: AuditRecord.PlacedEntry,
        _ record: AuditRecord
    ) -> [AuditFinding] {
        guard decision.accepted, decision.purpose.namesPackage, let instance = placed.entry.instance else { return [] }
        let controls = record.policies[decision.policy]?.rules.first { $0.id == decision.rule }?.controls
        let wanted = controls?.approvals ?? 0
        let cited = decision.approvalsCounted
        let faults = cited.flatMap { problems($0, of: placed, instance, record) }
        let counting = cited.compactMap { record.approval($0) }.filter { controls?.roles?.contains($0.role) ?? true }
        let people = Set(counting.map(\.by))
        return (faults + (people.count < wanted ? ["\(people.count) of \(wanted) people have approved it"] : []))
            .map { AuditFinding(placed.place, $0) }
    }

    /// A decision does not say on which release it was; the grant that answers it does.
    private static func problems(
        of grant: GrantEntry,
        _ placed: AuditRecord.PlacedEntry,
        _ record: AuditRecord
    ) -> [AuditFinding] {
        let decided = record.decision(answeredBy: grant, placed)
        guard case .compensated(let decision) = decided?.entry.body else { return [] }
        let problems = AuditRecord.firstProblems(with: decision.approvalsCounted) { digest in
            guard let approval = record.approval(digest), approval.release != grant.package.manifest else { return [] }
            return ["the approval by \(approval.by) is of another release"]
        }
        return problems.map { AuditFinding(placed.place, $0) }
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
        if !placed.isActOf(approval.by) { problems.append("\(person) was not recorded as that person's act") }
        return problems
    }
}

extension CompensatedDecisionEntry {
    /// The entries of the approvals that its control was met by.
    fileprivate var approvalsCounted: [ContentDigest] {
        controls.filter { $0.control == .approval }.flatMap { $0.evidence ?? [] }
    }
}

extension AuditRecord.PlacedEntry {
    /// Whether it stands in this operator's name, and so for what he has signed.
    func isActOf(_ person: Label) -> Bool { entry.actor == Actor(.operator, person) }
}

extension AuditRecord {
    func approval(_ digest: ContentDigest) -> Approval? {
        guard case .approval(let approval) = byDigest[digest]?.entry.body else { return nil }
        return approval
    }
}
