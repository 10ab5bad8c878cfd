import Messages
import UpdateTrust

extension AuditCheck {
    static let evidence = AuditCheck(
        says:
            "evidence is what the decision that names it rested on, answers for the request and the quote that it states, and has people say what they said"
    ) { record, _ in
        var logs = Set<ContentDigest>()
        let naming = Dictionary(grouping: record.entries) { $0.entry.body.basis }
        var findings = record.bundle.documents.evidence.flatMap { bytes -> [AuditFinding] in
            let digest = ContentDigest(of: bytes)
            return judge(bytes, digest, namedBy: naming[digest] ?? [], record, &logs)
        }
        for digest in record.bundle.documents.logs.map({ ContentDigest(of: $0) }) where !logs.contains(digest) {
            findings.append(AuditFinding("log \(digest.short)", "nothing here names it"))
        }
        return findings
    }

    /// - Parameter logs: gets the logs that the evidence names.
    private static func judge(
        _ bytes: [UInt8],
        _ digest: ContentDigest,
        namedBy naming: [AuditRecord.PlacedEntry],
        _ record: AuditRecord,
        _ logs: inout Set<ContentDigest>
    ) -> [AuditFinding] {
        let place = "evidence \(digest.short)"
        guard !naming.isEmpty else { return [AuditFinding(place, "nothing here names it")] }
        let archived: ArchivedDecision
        do { archived = try ArchivedDecision(parsing: bytes) } catch {
            return [AuditFinding(place, "cannot be read: \(error.detail)")]
        }
        logs.formUnion([archived.measured?.log, archived.measured?.list?.digest].compactMap { $0 })
        // Hashed once: any number of entries may name one piece of evidence, which may have a megabyte.
        let stated = archived.stated
        var findings = naming.filter { !archived.isBehind($0.entry, stated) }.map {
            AuditFinding($0.place, "its evidence is for another request, quote or instance than it states")
        }
        findings += record.problems(of: archived).map { AuditFinding(place, $0) }
        return findings
    }
}

extension AuditRecord {
    /// What people are said to have said in another way than their entries have it, as far as those are here.
    fileprivate func problems(of archived: ArchivedDecision) -> [String] {
        let approvals = (archived.approvals ?? []).filter { recorded in
            byDigest[recorded.entry].map { $0.entry.body != .approval(recorded.approval) } ?? false
        }
        let emergencies = (archived.emergencies ?? []).filter { recorded in
            byDigest[recorded.entry].map { $0.entry.body != .emergency(recorded.emergency) } ?? false
        }
        return approvals.map { "the approval \($0.entry.short) is another one on the ledger" }
            + emergencies.map { "the emergency \($0.entry.short) is another one on the ledger" }
    }
}

extension ArchivedDecision {
    fileprivate typealias Stated = (request: ContentDigest, shown: ContentDigest?)

    /// What an entry states of evidence: the request, and the quote or what stands in its place.
    fileprivate var stated: Stated {
        (
            request: ContentDigest(of: (measured?.evidence.request ?? software?.evidence.request)?.bytes ?? []),
            shown: measured.map { ContentDigest(of: $0.evidence.attest.bytes) } ?? software?.evidence.digest
        )
    }

    /// Whether an entry states what was decided on this evidence.
    fileprivate func isBehind(_ entry: LedgerEntry, _ stated: Stated) -> Bool {
        guard state.instance == entry.instance, at == entry.at else { return false }
        let (request, shown) = stated
        return switch entry.body {
        case .decision(let body): body.request == request && body.quote == shown && body.policy == policy
        case .compensated(let body): body.request == request && body.evidence == shown && body.policy == policy
        case .farewell(let body): body.request == request && (body.quote ?? body.software?.evidence) == shown
        case .reappearance(let body): body.request == request && body.quote == shown
        default: false
        }
    }
}
