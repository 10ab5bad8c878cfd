import Messages
import UpdateTrust

extension AuditCheck {
    static let evidence = AuditCheck(
        says:
            "evidence is what the decision that names it rested on, and answers for the request and the quote that it states"
    ) { record, _ in
        var logs = Set<ContentDigest>()
        var findings: [AuditFinding] = []
        for bytes in record.bundle.documents.evidence {
            let digest = ContentDigest(of: bytes)
            let naming = record.statements.filter { $0.entry.body.basis == digest }
            if naming.isEmpty { findings.append(AuditFinding("evidence \(digest.short)", "nothing here names it")) }
            do {
                let archived = try ArchivedDecision(parsing: bytes)
                if let log = archived.measured?.evidence.log { logs.insert(log) }
                findings += naming.filter { !archived.isBehind($0.entry) }.map {
                    AuditFinding($0.place, "the evidence is for another request, quote or instance than it states")
                }
            } catch {
                findings.append(AuditFinding("evidence \(digest.short)", "cannot be read: \(error.detail)"))
            }
        }
        for digest in record.bundle.documents.logs.map({ ContentDigest(of: $0) }) where !logs.contains(digest) {
            findings.append(AuditFinding("event log \(digest.short)", "nothing here names it"))
        }
        return findings
    }
}

extension ArchivedDecision {
    /// Whether an entry states what was decided on this evidence.
    fileprivate func isBehind(_ entry: LedgerEntry) -> Bool {
        guard state.instance == entry.instance, at == entry.at else { return false }
        let request = ContentDigest(of: (measured?.evidence.request ?? software?.evidence.request)?.bytes ?? [])
        let shown = measured.map { ContentDigest(of: $0.evidence.attest.bytes) } ?? software?.evidence.digest
        return switch entry.body {
        case .decision(let body): body.request == request && body.quote == shown && body.policy == policy
        case .compensated(let body): body.request == request && body.evidence == shown && body.policy == policy
        case .farewell(let body): body.request == request && (body.quote ?? body.software?.evidence) == shown
        case .reappearance(let body): body.request == request && body.quote == shown
        default: false
        }
    }
}
