import AttestationResults
import Messages

extension DecisionInput {
    /// The purpose `update`: the lease is renewed in any case, because the evidence is good; the grant is another matter.
    func grant(
        _ attested: AttestedState,
        rule: PolicyRule,
        _ seconds: Int64,
        draft: TransitionDraft
    ) throws(MessageError) -> Decision {
        guard let package = request.request.package, let counters = request.request.counters else {
            return .unchanged(.undecided("an update request without package or counters"))
        }
        guard let release, release.manifest == package.manifest else {
            return try refuse([.releaseUnknown], attested, rule: rule, renewing: seconds, draft: draft)
        }
        let conditions = conditions(of: release, rule, draft.state)
        // A grant that is under way as a file would open behind this one's back.
        let usable = state.usableDelayed(at: attested.observation.clock, counter: counters.grants)
        let floor = state.floor(bornFrom: record, reading: counters.securityFloor)
        let reasons =
            reasonsOfEarlierGrant(attested, package: package, counters: counters)
            + (usable.isEmpty ? [] : [.grantOutstanding])
            + release.release.reasonsAgainst(package)
            + conditions.reasonsAgainst(floor: floor)
        guard reasons.isEmpty else {
            return try refuse(
                reasons,
                attested,
                rule: rule,
                renewing: seconds,
                draft: draft,
                details: conditions.details(floor: floor)
            )
        }
        var draft = draft
        // One grant for one device: the earlier one has the same counter value, and is as good as gone.
        if draft.state.pending?.stage == .granted { try draft.reach(.superseded, shownBy: quote) }
        try recordAcceptance(of: attested, rule: rule, under: conditions, in: &draft)
        let lease = try renewLease(in: &draft, attested, seconds: seconds)
        let downgrade = conditions.downgrade(below: floor)
        // Whatever ends first ends the grant.
        let ends: [Int64?] = [
            lease.expires, now &+ rule.grant.seconds, release.release.expires, rule.window?.closing(at: now),
            downgrade?.until, conditions.liftedUntil,
        ]
        let terms = try terms(
            attested,
            rule: rule,
            release: release,
            lease: GrantLease(id: lease.id, exp: lease.expires),
            until: ends.compactMap { $0 }.min() ?? now,
            counter: counters.grants,
            purpose: conditions.move == .downgrade || downgrade != nil ? .downgrade : .update,
            downgrade: downgrade.map { GrantDowngrade(act: $0.act, floor: floor) }
        )
        let acceptance = Acceptance(lease: lease.statement, boot: attested.boot, rule: rule.id, ima: attested.ima)
        return Decision(
            outcome: .granting(terms, acceptance),
            transition: draft.finished,
            explanation: explanation(of: rule) + conditions.exemptions
        )
    }

    /// What stands against a grant of a release, were the instance to stand like this.
    ///
    /// Nothing is lifted for a grant that travels as a file: it would be carried out when the emergency is long over.
    func conditions(of release: KnownRelease, _ rule: PolicyRule, _ state: InstanceState) -> UpdateConditions {
        UpdateConditions(
            birth: record.facts,
            state: state,
            known: release,
            rule: rule,
            authority: carried == nil ? authority : ReleaseAuthority(approvals: authority.approvals),
            now: now
        )
    }

    /// An earlier grant whose install may still boot must not be forgotten: its boot would be taken for tampering.
    func reasonsOfEarlierGrant(
        _ attested: AttestedState,
        package: PackageReference,
        counters: CounterReadings
    ) -> [DecisionReason] {
        guard let pending = state.pending else { return [] }
        if attested.boot == .granted { return [.grantUnconfirmed] }
        let wasSpent = pending.counter.map { counters.grants > $0 } ?? true
        let fellBack = attested.observation.clock.resetCount != pending.resetCount
        let isSameRelease = pending.package.manifest == package.manifest
        return wasSpent && !fellBack && !isSameRelease ? [.grantUnconfirmed] : []
    }

    func terms(
        _ attested: AttestedState,
        rule: PolicyRule,
        release: KnownRelease,
        lease: GrantLease,
        until expires: Int64,
        counter: UInt64,
        resets: UInt32? = nil,
        purpose: GrantPurpose,
        downgrade: GrantDowngrade?
    ) throws(MessageError) -> GrantTerms<GrantClaims> {
        guard let key = JSONWebKey(publicArea: record.iak.publicArea.bytes) else {
            throw MessageError(.malformed, "the birth record's attestation key cannot be read")
        }
        let clock = attested.observation.clock
        let span = UInt64(clamping: expires - now).multipliedReportingOverflow(by: 1000)
        let end = clock.clock.addingReportingOverflow(span.partialValue)
        guard expires > now, !span.overflow, !end.overflow else {
            throw MessageError(.outOfRange, "the verifier's or the TPM's clock is beyond any grant")
        }
        return GrantTerms(
            claims: GrantClaims(
                iss: verifier,
                sub: GrantClaims.subjectPrefix + state.instance.text,
                aud: GrantClaims.audience,
                jti: identifiers.grant,
                iat: now,
                nbf: now,
                exp: expires,
                eat_profile: GrantClaims.profile,
                eat_nonce: request.request.challenge,
                cnf: Confirmation(jkt: key.thumbprint),
                request: attested.request,
                quote: attested.attest,
                purpose: purpose,
                downgrade: downgrade,
                tier: record.tier,
                package: GrantedPackage(of: release),
                from: GrantedFrom(release: state.running.manifest, bootState: attested.boot),
                lease: lease,
                policy: GrantPolicy(sha256: policy.digest, rule: rule.id),
                witnesses: rule.witnesses,
                bounds: GrantBounds(
                    resetCount: clock.resetCount,
                    resets: resets,
                    clock: GrantBounds.ClockBounds(min: clock.clock, max: end.partialValue),
                    counter: GrantBounds.CounterBound(
                        index: state.counters(bornFrom: record).grants.index,
                        value: counter
                    )
                )
            ),
            boot: release.release.boot
        )
    }
}

extension Transition {
    /// The change, with a signed grant as the instance's pending one and as the last entry.
    func issuing(_ grant: SignedGrant<GrantClaims>) throws(MessageError) -> Transition {
        let claims = grant.terms.claims
        let digest = grant.digest
        let pending = PendingGrant(
            jti: claims.jti,
            grant: digest,
            package: claims.package.reference,
            securityVersion: claims.package.securityVersion,
            boot: grant.terms.boot,
            expires: claims.exp,
            lease: claims.lease.id,
            resetCount: claims.bounds.resetCount,
            counter: claims.bounds.counter.value,
            status: .issued
        )
        let body = GrantEntry(digest, claims)
        return try issuing(pending, body, by: claims.iss, at: claims.iat)
    }

    /// The change, with a grant that was signed: kept as the instance's own, and as the last entry.
    func issuing(
        _ grant: PendingGrant,
        _ body: GrantEntry,
        by verifier: Label,
        at now: Int64
    ) throws(MessageError) -> Transition {
        var state = state
        if let bounds = body.bounds {
            let delayed = DelayedGrant(grant: grant, request: body.request, bounds: bounds)
            state.delayed = (state.delayed ?? []) + [delayed]
        } else {
            state.pending = grant
        }
        let written = try WrittenEntry(.grant(body, after: state, by: verifier, at: now))
        state.lastEntry = written.digest
        return Transition(state: state, entries: entries + [written])
    }
}

extension GrantedPackage {
    init(of release: KnownRelease) {
        let payload = release.release
        self.init(
            name: payload.name,
            version: payload.version,
            securityVersion: payload.securityVersion,
            size: payload.artifact.size,
            sha256: payload.artifact.sha256,
            manifest: release.manifest
        )
    }
}
