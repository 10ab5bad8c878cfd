/// One thing that a bundle is held to.
struct AuditCheck: Sendable {
    /// What must be so, in words.
    let says: String
    let run: @Sendable (AuditRecord, AuditAnchors) -> [AuditFinding]

    /// All of them, in the order in which their findings are told: what later ones rest on comes first.
    static let all: [AuditCheck] = [
        .inclusion, .chains, .births, .releases, .policies, .grants, .witnesses, .controls, .approvals,
        .releaseApprovals, .emergencies, .receipts, .evidence, .acts, .strays,
    ]
}
