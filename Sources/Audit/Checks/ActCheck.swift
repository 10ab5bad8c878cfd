import Endorsement
import Messages
import UpdateTrust

extension AuditCheck {
    static let acts = AuditCheck(
        says:
            "each act of an operator is in his name, and what he has signed for this verifier, at that time and once, in a role that may do it"
    ) { record, anchors in
        let acts = record.entries.filter { $0.entry.actor.kind == .operator }
        let signed = Dictionary(grouping: acts.filter { $0.entry.statement != nil }) { $0.entry.statement }
        let findings =
            signed.values.flatMap { judge($0, record, anchors) } + unsigned(acts, anchors)
            + inAnotherName(record.entries)
        return findings.sorted { $0.place < $1.place }
    }

    /// What an operator alone may do, in a name of which nobody asks a signature.
    private static func inAnotherName(_ entries: [AuditRecord.PlacedEntry]) -> [AuditFinding] {
        entries.filter { $0.entry.actor.kind != .operator && $0.entry.body.isOfOperatorsAlone }
            .map { AuditFinding($0.place, "is for an operator to do, and stands in the name of \($0.entry.actor)") }
    }

    /// Acts that nobody has signed: once a verifier asks for signatures, there are none.
    private static func unsigned(_ acts: [AuditRecord.PlacedEntry], _ anchors: AuditAnchors) -> [AuditFinding] {
        let first = acts.first { $0.entry.statement != nil }?.index ?? .max
        return acts.filter { $0.entry.statement == nil }.compactMap { act in
            if act.index > first {
                return AuditFinding(act.place, "is signed by nobody, though acts before it are")
            }
            guard let operators = anchors.operators, act.entry.at >= operators.signedSince else { return nil }
            return AuditFinding(
                act.place,
                "is signed by nobody: the verifier alone says that it is an act of \(act.entry.actor.name)"
            )
        }
    }

    /// - Parameter entries: all that name one statement, in the order of the ledger.
    private static func judge(
        _ entries: [AuditRecord.PlacedEntry],
        _ record: AuditRecord,
        _ anchors: AuditAnchors
    ) -> [AuditFinding] {
        guard let first = entries.first, let digest = first.entry.statement else { return [] }
        guard let act = record.acts[digest] else {
            return [AuditFinding(first.place, "what \(first.entry.actor.name) has signed for it is missing")]
        }
        let findings = act.problems(anchors).map { AuditFinding(first.place, $0) }
        let own = entries.filter { !act.isFollowed(by: $0.entry.body) }
        let instances = Set(own.map(\.entry.instance))
        return findings + entries.flatMap { problems(of: $0, first: own.first, of: instances, act, record) }
    }

    /// One statement stands for one act, and for what follows from that.
    /// - Parameters:
    ///   - first: the first act that names the statement.
    ///   - instances: whom such acts are about.
    private static func problems(
        of placed: AuditRecord.PlacedEntry,
        first: AuditRecord.PlacedEntry?,
        of instances: Set<InstanceID?>,
        _ act: AuditRecord.Act,
        _ record: AuditRecord
    ) -> [AuditFinding] {
        let claimed = act.signed.claimed
        let follows = act.isFollowed(by: placed.entry.body)
        // Any number of a stranger's entries may name one statement: what it says, a policy or a trust bundle, is read for one of them.
        guard follows || first == placed else {
            return [AuditFinding(placed.place, "what was signed for it stands for an act before it already")]
        }
        var problems: [String] = []
        if act.certificate.name != placed.entry.actor.name {
            problems.append("is signed by \(act.certificate.name), and not by \(placed.entry.actor.name)")
        }
        if !claimed.isSigned(within: LedgerAuditor.tolerance, of: placed.entry.at) {
            problems.append("was signed at another time than it says")
        }
        if !ActFit(placed: placed, act: act, record: record).holds {
            problems.append("is not what was signed for it: \(claimed.method) \(claimed.path)")
        }
        if follows { problems += placeProblems(of: placed, after: instances, act, record.bundle.subject) }
        return problems.map { AuditFinding(placed.place, $0) }
    }

    /// What follows from an act stands where the act is.
    /// - Parameter instances: whom the acts are about that name the statement.
    private static func placeProblems(
        of placed: AuditRecord.PlacedEntry,
        after instances: Set<InstanceID?>,
        _ act: AuditRecord.Act,
        _ subject: AuditSubject
    ) -> [String] {
        // Of a span, the act itself may be elsewhere.
        if case .entries = subject { return [] }
        // So may what speaks for all that ends with a key: it is about no instance.
        if act.requested.route == .reportCompromise { return [] }
        return instances.contains(placed.entry.instance)
            ? [] : ["no act stands here that it could follow from"]
    }
}

extension LedgerEntry.Body {
    /// Whether no verifier and no station ever writes such an entry in its own name.
    fileprivate var isOfOperatorsAlone: Bool {
        switch self {
        case .release, .withdrawal, .approval, .emergency, .allowance, .downgrade, .witnessCode, .assignment, .trust,
            .compromise:
            true
        // Whom the lost part of a record had stopped is stopped again when a backup is put back, in the verifier's name.
        case .act(let made): made.act == .reinstate
        // A time without a TPM ends by itself, and a rollout when too many updates failed.
        case .tier(let made): made.change == .lowered
        case .rollout(let made): made.act != .halt
        case .birth, .rework, .restoration, .policy, .decision, .lease, .grant, .update, .receipt, .farewell,
            .reappearance, .succession, .compensated, .shedding, .recovery:
            false
        }
    }
}

extension AuditRecord.Act {
    /// Whether an entry follows from what was signed for, and is not that itself.
    fileprivate func isFollowed(by body: LedgerEntry.Body) -> Bool {
        if requested.route == .reportCompromise {
            if case .compromise = body { false } else { true }
        } else {
            if case .lease = body { true } else { false }
        }
    }

    /// What is wrong with it, whatever entries name it.
    func problems(_ anchors: AuditAnchors) -> [String] {
        let claimed = signed.claimed
        var problems: [String] = []
        if claimed.certificate != ContentDigest(of: certificate.bytes) {
            problems.append("is signed for another certificate than the one beside it")
        }
        if !signed.isSigned(by: certificate.key) {
            problems.append("is not signed with the key of \(certificate.name)'s certificate")
        }
        if claimed.verifier != anchors.verifier { problems.append("is signed for the verifier \(claimed.verifier)") }
        if let body, ContentDigest(of: body) != claimed.body {
            problems.append("is signed for another body than the one beside it")
        }
        if certificate.roles.isDisjoint(with: requested.route.roles) {
            problems.append("\(certificate.name) has no role that may do this")
        }
        if let obstacle = anchors.operators?.trust.obstacle(to: certificate, at: claimed.at) {
            problems.append(obstacle)
        }
        return problems
    }
}
