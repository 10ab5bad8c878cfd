import Messages
import UpdateTrust

extension AuditCheck {
    static let emergencies = AuditCheck(
        says:
            "each emergency that a decision rested on was declared before it, by two people, for that release, and was not over"
    ) { record, _ in
        record.chains.values.flatMap { chain in
            chain.flatMap { placed -> [AuditFinding] in
                guard case .grant(let grant) = placed.entry.body else { return [] }
                return record.emergencyProblems(of: grant, placed).map { AuditFinding(placed.place, $0) }
            }
        }
        .sorted { $0.place < $1.place }
    }
}

extension AuditRecord {
    func emergency(_ digest: ContentDigest) -> Emergency? {
        guard case .emergency(let emergency) = byDigest[digest]?.entry.body else { return nil }
        return emergency
    }

    /// The accepted decision that a grant answers, and the emergencies that it rested on; `nil` when there is none.
    func emergencies(
        over grant: GrantEntry,
        _ granted: PlacedEntry
    ) -> (decision: PlacedEntry, cited: [ContentDigest])? {
        guard let decision = decision(answeredBy: grant, granted) else { return nil }
        switch decision.entry.body {
        case .decision(let body): return (decision, body.emergencies ?? [])
        case .compensated(let body): return (decision, body.emergencies ?? [])
        default: return nil
        }
    }

    fileprivate func emergencyProblems(of grant: GrantEntry, _ granted: PlacedEntry) -> [String] {
        guard let rested = emergencies(over: grant, granted), !rested.cited.isEmpty else { return [] }
        let faults = Self.firstProblems(with: rested.cited) { problems(of: $0, grant, before: rested.decision) }
        guard faults.isEmpty else { return faults }
        let people = Set(rested.cited.compactMap { emergency($0)?.by }).count
        return people < Emergency.people
            ? ["\(people) of \(Emergency.people) people had declared the emergency"] : []
    }

    private func problems(
        of digest: ContentDigest,
        _ grant: GrantEntry,
        before decision: PlacedEntry
    ) -> [String] {
        guard let placed = byDigest[digest], let declared = emergency(digest) else {
            return ["the emergency \(digest.short) is missing"]
        }
        let person = "the emergency that \(declared.by) declared"
        var problems: [String] = []
        if placed.index > decision.index { problems.append("\(person) came later") }
        if declared.until <= decision.entry.at { problems.append("\(person) was over") }
        if declared.release != grant.package.manifest { problems.append("\(person) is for another release") }
        if !placed.isActOf(declared.by) { problems.append("\(person) was not recorded as that person's act") }
        return problems
    }
}
