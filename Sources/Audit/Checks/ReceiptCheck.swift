import Messages
import UpdateTrust

extension AuditCheck {
    static let receipts = AuditCheck(says: "each receipt and each stage of an update names a grant that came before it")
    {
        record,
        _ in
        record.chains.values.flatMap { chain in
            var granted: [ContentDigest: GrantEntry] = [:]
            return chain.compactMap { placed -> AuditFinding? in
                let named: (grant: ContentDigest, jti: String, package: PackageReference)
                switch placed.entry.body {
                case .grant(let entry):
                    granted[entry.grant] = entry
                    return nil
                case .receipt(let entry): named = (entry.grant, entry.jti, entry.package)
                case .update(let entry): named = (entry.grant, entry.jti, entry.package)
                default: return nil
                }
                guard let grant = granted[named.grant], grant.jti == named.jti, grant.package == named.package else {
                    // Of a span, the beginning of the chain is elsewhere.
                    if case .entries = record.bundle.subject, granted[named.grant] == nil { return nil }
                    return AuditFinding(placed.place, "no grant of this package stands before it")
                }
                return nil
            }
        }
        .sorted { $0.place < $1.place }
    }
}
