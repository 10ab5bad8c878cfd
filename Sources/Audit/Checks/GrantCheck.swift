import AttestationResults
import Messages
import UpdateTrust

extension AuditCheck {
    static let grants = AuditCheck(
        says:
            "each grant is the one that was signed, for an accepted request, under a lease that held, of a release that was registered, by the rule that is for this instance"
    ) { record, anchors in
        record.chains.values.flatMap { chain in
            chain.flatMap { placed -> [AuditFinding] in
                guard case .grant(let entry) = placed.entry.body else { return [] }
                return GrantAudit(entry: entry, placed: placed, record: record).problems(anchors)
                    .map { AuditFinding(placed.place, $0) }
            }
        }
        .sorted { $0.place < $1.place }
    }
}

/// A grant's entry beside what it rests on.
struct GrantAudit {
    let entry: GrantEntry
    let placed: AuditRecord.PlacedEntry
    let record: AuditRecord

    /// What a grant says, whatever its kind.
    private struct Claims {
        var instance: InstanceID
        var jti: String
        var exp: Int64
        var request: ContentDigest
        /// The quote, or the evidence of a device without a TPM.
        var shown: ContentDigest
        var package: GrantedPackage
        var lease: Label
        var policy: GrantPolicy
        var witnesses: Int?
        var downgrade: ContentDigest?
        /// Of a grant that travels as a file.
        var bounds: GrantBounds?
    }

    /// What was decided on the request that the grant answers.
    struct Decided {
        var policy: ContentDigest
        var rule: Label?
        var tier: Tier?
        /// The quote, or the evidence of a device without a TPM.
        var shown: ContentDigest
    }

    var decision: Decided? {
        switch record.decision(answeredBy: entry, placed)?.entry.body {
        case .decision(let body):
            return Decided(policy: body.policy, rule: body.rule, tier: nil, shown: body.quote)
        case .compensated(let body):
            return Decided(policy: body.policy, rule: body.rule, tier: .compensated, shown: body.evidence)
        default: return nil
        }
    }

    func problems(_ anchors: AuditAnchors) -> [String] {
        guard let decision else { return ["no accepted request stands before it that it answers"] }
        guard let compact = record.grants[entry.grant] else { return ["the grant itself is missing"] }
        let claims: Claims
        do throws(JWSError) {
            claims = try Self.read(compact, isCompensated: decision.tier == .compensated, anchors)
        } catch {
            return ["the grant: \(error)"]
        }
        let agrees =
            claims.instance == placed.entry.instance && claims.jti == entry.jti && claims.exp == entry.expires
            && claims.request == entry.request && claims.package.reference == entry.package
            && claims.lease == entry.lease && claims.downgrade == entry.downgrade
        let follows =
            claims.policy.sha256 == decision.policy && claims.policy.rule == decision.rule
            && claims.shown == decision.shown
        let isWhole = agrees && follows && claims.bounds == entry.bounds
        return (isWhole ? [] : ["is not what the grant says, or the decision"])
            + leaseProblems + releaseProblems(claims.package) + ruleProblems(decision, claims.witnesses)
            + downgradeProblems + floorProblems(claims.package, decision)
    }

    private static func read(
        _ compact: String,
        isCompensated: Bool,
        _ anchors: AuditAnchors
    ) throws(JWSError) -> Claims {
        guard isCompensated else {
            let grant = try Grant.verify(compact, issuer: anchors.verifier, keys: anchors.grantKeys)
            let claims = grant.claims
            return Claims(
                instance: grant.instance,
                jti: claims.jti,
                exp: claims.exp,
                request: claims.request,
                shown: claims.quote,
                package: claims.package,
                lease: claims.lease.id,
                policy: claims.policy,
                witnesses: claims.witnesses,
                downgrade: claims.downgrade?.act,
                bounds: claims.bounds.resets == nil ? nil : claims.bounds
            )
        }
        let grant = try CompensatedGrant.verify(compact, issuer: anchors.verifier, keys: anchors.grantKeys)
        let claims = grant.claims
        return Claims(
            instance: grant.instance,
            jti: claims.jti,
            exp: claims.exp,
            request: claims.request,
            shown: claims.evidence,
            package: claims.package,
            lease: claims.lease.id,
            policy: claims.policy,
            witnesses: claims.witnesses,
            downgrade: nil,
            bounds: nil
        )
    }

    /// What became of the lease later, be it in the same second, is nothing that the grant could know.
    private var leaseProblems: [String] {
        let latest = record.index(of: placed)?.leases[entry.lease]?.last(before: placed.index)
        // Of a span, the beginning of the chain is elsewhere.
        if latest == nil, case .entries = record.bundle.subject { return [] }
        guard case .lease(let last) = latest?.entry.body, last.event != .ended else {
            return ["no lease held that it could stand under"]
        }
        return last.expires >= entry.expires ? [] : ["it would outlive its lease"]
    }

    private func releaseProblems(_ package: GrantedPackage) -> [String] {
        guard let release = record.releases[package.manifest]?.release else { return ["its release is missing"] }
        var problems: [String] = []
        let isWhole =
            release.artifact.sha256 == package.sha256 && release.artifact.size == package.size
            && release.name == package.name && release.version == package.version
            && release.securityVersion == package.securityVersion
        if !isWhole { problems.append("the package is not that of its release") }
        if let facts = record.birth(of: instance)?.facts,
            !release.models.contains(facts.model) || !release.hardwareRevisions.contains(facts.hardwareRevision)
        {
            problems.append("its release is not for \(facts.model) \(facts.hardwareRevision)")
        }
        if let withdrawn = record.withdrawn[package.manifest], withdrawn < placed.index {
            problems.append("its release had been withdrawn by entry \(withdrawn)")
        }
        if record.registered[package.manifest].map({ $0 < placed.index }) != true {
            problems.append("no entry before it has registered its release")
        }
        return problems
    }

    private func ruleProblems(
        _ decision: Decided,
        _ witnesses: Int?
    ) -> [String] {
        guard let policy = record.policies[decision.policy], var facts = record.birth(of: instance)?.facts else {
            return []
        }
        // An operator can have let it speak without its TPM: then the rule for those is what counts.
        if let tier = decision.tier { facts.tier = tier }
        let rule = policy.rule(for: PolicySubject(facts, package: entry.package.name))
        guard rule?.id == decision.rule else {
            return ["by its policy another rule decides for this instance than the one named"]
        }
        return rule?.witnesses == witnesses ? [] : ["says another number of witnesses than its rule"]
    }

    private var downgradeProblems: [String] {
        guard let act = entry.downgrade else { return [] }
        guard let allowed = record.byDigest[act], allowed.index < placed.index,
            case .downgrade(let body) = allowed.entry.body, allowed.entry.instance == placed.entry.instance,
            body.release == entry.package.manifest, placed.entry.at < body.until
        else { return ["no operator had allowed the downgrade"] }
        return []
    }

    /// A grant to a device without a TPM never names an act, though one that was allowed while it had its TPM may still count.
    private func floorProblems(_ package: GrantedPackage, _ decision: Decided) -> [String] {
        guard entry.downgrade == nil, decision.tier != .compensated,
            let floor = record.index(of: placed)?.raisingTheFloor.last(before: placed.index)?.entry.body.securityFloor,
            package.securityVersion < floor
        else { return [] }
        return ["is below the security floor of \(floor), and names no operator's act that allows it"]
    }

    private var instance: InstanceID { placed.entry.instance ?? InstanceID(iakName: []) }
}
