import AttestationResults
import Messages

extension CompensatedInput {
    /// The purpose `update`: a grant, when what is wanted of any instance is there and every control is met besides.
    func grant(_ ground: Ground, draft: TransitionDraft) throws(MessageError) -> CompensatedDecision {
        guard let package = request.request.package else {
            return .unchanged(.undecided("an update without a package"))
        }
        guard let release, release.manifest == package.manifest else {
            return try refuse([.releaseUnknown], ground.shown, rule: ground.rule, ground.controls, draft: draft)
        }
        let conditions = UpdateConditions(
            birth: record.facts,
            state: draft.state,
            known: release,
            rule: ground.rule,
            authority: ReleaseAuthority(approvals: approvals, emergencies: emergencies),
            now: now
        )
        let isUnmet = ground.controls.contains { !$0.isMet }
        let reasons =
            (ground.boot == .granted ? [.grantUnconfirmed] : [])
            + release.release.reasonsAgainst(package) + conditions.reasonsAgainst(floor: state.securityFloor)
            + (isUnmet ? [DecisionReason.controlsUnmet] : [])
        guard reasons.isEmpty else {
            return try refuse(
                reasons,
                ground.shown,
                rule: ground.rule,
                ground.controls,
                renewing: ground,
                draft: draft,
                conditions.details(floor: state.securityFloor)
                    + ground.controls.filter { !$0.isMet }.map { "control not met: \($0.control.rawValue)" }
            )
        }
        var draft = draft
        if draft.state.pending?.stage == .granted { try draft.reach(.superseded, shownBy: evidence) }
        try record([], ground.shown, rule: ground.rule, controls: ground.controls, under: conditions, in: &draft)
        let lease = try renew(ground, because: ground.boot.leaseCause, in: &draft)
        let ends: [Int64?] = [
            lease.expires, now &+ ground.rule.grant.seconds, release.release.expires,
            ground.rule.window?.closing(at: now), vouch?.until, conditions.liftedUntil,
            ground.wantsWitness ? draft.state.witness?.spent?.until : nil,
        ]
        let expires = ends.compactMap { $0 }.min() ?? now
        if ground.wantsWitness { draft.state.witness?.spend(at: ground.shown.ratchet.position, until: expires) }
        let terms = GrantTerms(
            claims: claims(ground, release, lease, until: expires),
            boot: record.facts.selection == nil ? nil : release.release.boot
        )
        return CompensatedDecision(
            outcome: .granting(terms, acceptance(ground, lease)),
            transition: draft.finished,
            explanation: ["rule \(ground.rule.id) decided"] + conditions.exemptions
        )
    }

    private func claims(
        _ ground: Ground,
        _ release: KnownRelease,
        _ lease: Lease,
        until expires: Int64
    ) -> CompensatedGrantClaims {
        CompensatedGrantClaims(
            iss: verifier,
            sub: GrantClaims.subjectPrefix + state.instance.text,
            aud: CompensatedGrantClaims.audience,
            jti: identifiers.grant,
            iat: now,
            nbf: now,
            exp: expires,
            eat_profile: CompensatedGrantClaims.profile,
            eat_nonce: request.request.challenge,
            cnf: Confirmation(jkt: JSONWebKey(ground.shown.ratchet.key).thumbprint),
            position: ground.shown.ratchet.position,
            request: request.digest,
            evidence: evidence,
            tier: .compensated,
            package: GrantedPackage(of: release),
            from: request.request.running,
            lease: GrantLease(id: lease.id, exp: lease.expires),
            policy: GrantPolicy(sha256: policy.digest, rule: ground.rule.id),
            witnesses: ground.rule.witnesses,
            controls: ground.controls,
            lowered: state.lowered?.mark
        )
    }
}
