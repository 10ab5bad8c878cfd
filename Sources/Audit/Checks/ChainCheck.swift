import Messages
import UpdateTrust

extension AuditCheck {
    static let chains = AuditCheck(says: "no entry of an instance is missing between its birth and the last one here") {
        record,
        _ in
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
