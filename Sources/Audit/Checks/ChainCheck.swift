import Messages
import UpdateTrust

extension AuditCheck {
    static let chains = AuditCheck(says: "no entry of an instance is missing between its birth and the last one here") {
        record,
        _ in
        unchained(record) + broken(record)
    }

    /// An entry of a device's life in nobody's chain would be held to nothing that chains are held to.
    private static func unchained(_ record: AuditRecord) -> [AuditFinding] {
        record.entries.filter { $0.entry.instance == nil && $0.entry.body.isOfAnInstance }
            .map { AuditFinding($0.place, "names no instance, and can be about nothing else") }
    }

    private static func broken(_ record: AuditRecord) -> [AuditFinding] {
        if case .entries(let range) = record.bundle.subject { return gaps(record, in: range) }
        let subjects = record.subjects
        guard !subjects.isEmpty else {
            guard case .release(let release) = record.bundle.subject else { return [] }
            let isKnown = record.entries.contains { placed in
                if case .release(let body) = placed.entry.body { body.manifest == release } else { false }
            }
            return isKnown ? [] : [AuditFinding("release \(release.short)", "no entry says that it was registered")]
        }
        return subjects.flatMap { instance -> [AuditFinding] in
            guard let chain = record.chains[instance], let first = chain.first else {
                return [AuditFinding("instance \(instance)", "has no entry here")]
            }
            guard case .birth = first.entry.body, first.entry.prev == nil else {
                return [AuditFinding(first.place, "the chain of \(instance) does not begin with its birth")]
            }
            return breaks(chain)
        }
    }

    private static func breaks(_ chain: [AuditRecord.PlacedEntry]) -> [AuditFinding] {
        zip(chain, chain.dropFirst()).compactMap { before, after in
            after.entry.prev == before.digest
                ? nil
                : AuditFinding(after.place, "does not follow \(before.place), the one before it here: some are missing")
        }
    }

    /// A span is whole when it has every number.
    private static func gaps(_ record: AuditRecord, in range: Range<Int>) -> [AuditFinding] {
        let present = Set(record.bundle.entries.map(\.index))
        let missing = range.first { !present.contains($0) }
        let inside = record.chains.values.flatMap { chain in
            breaks(chain.filter { range.contains($0.index) })
        }
        return (missing.map { [AuditFinding("entry \($0)", "is missing")] } ?? []) + inside
    }
}

extension LedgerEntry.Body {
    /// Whether it is something that happens to one instance, and stands in its chain.
    fileprivate var isOfAnInstance: Bool {
        switch self {
        case .birth, .rework, .restoration, .decision, .lease, .grant, .update, .receipt, .act, .allowance, .downgrade,
            .farewell, .reappearance, .succession, .compensated, .witnessCode, .tier, .assignment:
            true
        case .release, .withdrawal, .policy, .rollout, .approval, .emergency, .shedding, .trust, .compromise, .recovery:
            false
        }
    }
}
