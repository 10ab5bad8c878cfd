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
        guard let decision = index(of: granted)?.accepted[grant.request]?.first else { return nil }
        switch decision.entry.body {
        case .decision(let body): return (decision, body.emergencies ?? [])
        case .compensated(let body): return (decision, body.emergencies ?? [])
        default: return nil
        }
    }

    fileprivate func emergencyProblems(of grant: GrantEntry, _ granted: PlacedEntry) -> [String] {
        guard let rested = emergencies(over: grant, granted), !rested.cited.isEmpty else { return [] }
        var problems: [String] = []
        var people = Set<Label>()
        for digest in rested.cited {
            guard let placed = byDigest[digest], let declared = emergency(digest) else {
                problems.append("the emergency \(digest.short) is missing")
                continue
            }
            let person = "the emergency that \(declared.by) declared"
            people.insert(declared.by)
            if placed.index > rested.decision.index { problems.append("\(person) came later") }
            if declared.until <= rested.decision.entry.at { problems.append("\(person) was over") }
            if declared.release != grant.package.manifest { problems.append("\(person) is for another release") }
            if placed.entry.actor != Actor(.operator, declared.by) {
                problems.append("\(person) was not recorded as that person's act")
            }
        }
        if problems.isEmpty, people.count < Emergency.people {
            problems.append("\(people.count) of \(Emergency.people) people had declared the emergency")
        }
        return problems
    }
}
