import Ledger
import Messages
import UpdateTrust
import Wording

extension AuditCheck {
    static let witnesses = AuditCheck(
        says: "each grant whose rule wants witnesses is on a ledger that as many have signed, of those that are known"
    ) { record, anchors in
        let verified = record.bundle.checkpoint.verify(logKeys: anchors.ledgerKeys, witnesses: anchors.witnesses)
        // A checkpoint that is not the ledger's own is told where the entries are held to it.
        guard let signed = try? verified.get().cosignatures.count else { return [] }
        return record.chains.values.flatMap { chain in
            chain.compactMap { placed -> AuditFinding? in
                guard case .grant(let entry) = placed.entry.body,
                    let decision = GrantAudit(entry: entry, placed: placed, record: record).decision,
                    let rule = record.policies[decision.policy]?.rules.first(where: { $0.id == decision.rule }),
                    let wanted = rule.witnesses, signed < wanted
                else { return nil }
                return AuditFinding(
                    placed.place,
                    "its rule wants \(Counted.of(wanted, "witness", "witnesses")) of the ledger; \(signed) of those that are known have signed this one"
                )
            }
        }
        .sorted { $0.place < $1.place }
    }
}
