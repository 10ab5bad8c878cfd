import Messages
import UpdateTrust

extension AuditCheck {
    static let strays = AuditCheck(says: "nothing is here that no entry in question names") { record, _ in
        let subjects = Set(record.subjects)
        let inScope = record.entries.filter { isInScope($0, subjects, record.bundle.subject) }
        let places = Set(inScope.map(\.index)).union(record.sayingWhatWasShed)
        var cited = AuditCitations()
        for placed in inScope { cited.add(placed.entry) }
        // What the ledger says of a release or a policy in question is in question itself.
        let others = record.entries.filter { placed in
            !places.contains(placed.index) && !cited.entries.contains(placed.digest)
                && !(placed.entry.instance == nil && isCited(placed.entry, cited))
        }
        for placed in record.entries { cited.add(placed.entry) }
        return others.map { AuditFinding($0.place, "nothing here names it") }
            + strays(record.births.keys, cited.births, "birth")
            + strays(record.restorations.keys, cited.restorations, "restoration")
            + strays(record.releases.keys, cited.releases, "release")
            + strays(record.policies.keys, cited.policies, "policy")
            + strays(record.grants.keys, Set(cited.grants.keys), "grant")
            + strays(record.acts.keys, cited.statements, "act")
    }

    private static func isInScope(
        _ placed: AuditRecord.PlacedEntry,
        _ subjects: Set<InstanceID>,
        _ subject: AuditSubject
    ) -> Bool {
        if let instance = placed.entry.instance, subjects.contains(instance) { return true }
        return switch subject {
        case .entries(let range): range.contains(placed.index)
        case .release(let release): placed.entry.instance == nil && isAbout(placed.entry, release)
        case .instance: false
        }
    }

    private static func isAbout(_ entry: LedgerEntry, _ release: ContentDigest) -> Bool {
        var cited = AuditCitations()
        cited.add(entry)
        return cited.releases.contains(release)
    }

    private static func isCited(_ entry: LedgerEntry, _ cited: AuditCitations) -> Bool {
        if case .policy(let body) = entry.body { return cited.policies.contains(body.policy) }
        // For whom and for what an approval is, that names no chain: a decision names it, or it is none of this. One of the release as
        // a whole is about the release.
        if case .approval(let approval) = entry.body, !approval.isOfTheRelease { return false }
        var own = AuditCitations()
        own.add(entry)
        return !own.releases.isDisjoint(with: cited.releases)
    }

    private static func strays(
        _ present: some Sequence<ContentDigest>,
        _ cited: Set<ContentDigest>,
        _ what: String
    ) -> [AuditFinding] {
        present.filter { !cited.contains($0) }.map { AuditFinding("\(what) \($0.short)", "nothing here names it") }
            .sorted { $0.place < $1.place }
    }
}

extension AuditRecord {
    /// Where it says of evidence that is not here that it was shed: the first such entry behind each decision.
    fileprivate var sayingWhatWasShed: Set<Int> {
        let kept = Set(bundle.documents.evidence.map { ContentDigest(of: $0) })
        var unkept = UnkeptDecisions()
        var places = Set<Int>()
        for placed in entries {
            if case .shedding(let body) = placed.entry.body {
                if !unkept.remove(shedBy: body).isEmpty { places.insert(placed.index) }
            } else if let basis = placed.entry.body.basis, !kept.contains(basis) {
                unkept.insert(placed.index, at: placed.entry.at)
            }
        }
        return places
    }
}
