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
        let conditions = UpdateConditions(record: record, state: draft.state, known: release, rule: rule, now: now)
        let reasons =
            reasonsOfEarlierGrant(attested, package: package, counters: counters)
            + reasonsOfPackage(package, release.release)
            + conditions.reasonsAgainst(floor: floor(counters))
        guard reasons.isEmpty else {
            return try refuse(reasons, attested, rule: rule, renewing: seconds, draft: draft)
        }
        var draft = draft
        // One grant for one device: the earlier one has the same counter value, and is as good as gone.
        if draft.state.pending?.stage == .granted { try draft.reach(.superseded, shownBy: quote) }
        try recordAcceptance(of: attested, rule: rule, in: &draft)
        let lease = try renewLease(in: &draft, attested, seconds: seconds)
        let terms = try terms(
            attested,
            rule: rule,
            release: release,
            lease: lease,
            counters: counters,
            purpose: conditions.move == .downgrade ? .downgrade : .update
        )
        let acceptance = Acceptance(lease: lease.statement, boot: attested.boot, rule: rule.id, ima: attested.ima)
        return Decision(
            outcome: .granting(terms, acceptance),
            transition: draft.finished,
            explanation: explanation(of: rule)
        )
    }

    /// An earlier grant whose install may still boot must not be forgotten: its boot would be taken for tampering.
    private func reasonsOfEarlierGrant(
        _ attested: AttestedState,
        package: PackageReference,
        counters: CounterReadings
    ) -> [DecisionReason] {
        guard let pending = state.pending else { return [] }
        if attested.boot == .granted { return [.grantUnconfirmed] }
        let wasSpent = counters.grants > pending.counter
        let fellBack = attested.observation.clock.resetCount != pending.resetCount
        let isSameRelease = pending.package.manifest == package.manifest
        return wasSpent && !fellBack && !isSameRelease ? [.grantUnconfirmed] : []
    }

    private func reasonsOfPackage(_ package: PackageReference, _ release: Release) -> [DecisionReason] {
        let isSame =
            package.name == release.name && package.version == release.version
            && package.sha256 == release.artifact.sha256
        return isSame ? [] : [.packageMismatch]
    }

    /// The higher of the record's floor and the TPM's: the device's gate holds to its own.
    private func floor(_ counters: CounterReadings) -> UInt64 {
        let base = state.counters(bornFrom: record).securityFloor.base
        let raised = counters.securityFloor.subtractingReportingOverflow(base)
        return max(state.securityFloor, raised.overflow ? UInt64.max : raised.partialValue)
    }

    private func terms(
        _ attested: AttestedState,
        rule: PolicyRule,
        release: KnownRelease,
        lease: Lease,
        counters: CounterReadings,
        purpose: GrantPurpose
    ) throws(MessageError) -> GrantTerms {
        guard let key = JSONWebKey(publicArea: record.iak.publicArea.bytes) else {
            throw MessageError(.malformed, "the birth record's attestation key cannot be read")
        }
        // Whatever ends first ends the grant.
        let ends = [
            lease.expires, now &+ rule.grant.seconds, release.release.expires, rule.window?.closing(at: now),
        ]
        let expires = ends.compactMap { $0 }.min() ?? now
        let clock = attested.observation.clock
        let span = UInt64(clamping: expires - now).multipliedReportingOverflow(by: 1000)
        let end = clock.clock.addingReportingOverflow(span.partialValue)
        guard expires > now, !span.overflow, !end.overflow else {
            throw MessageError(.outOfRange, "the verifier's or the TPM's clock is beyond any grant")
        }
        let payload = release.release
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
                tier: record.tier,
                package: GrantedPackage(
                    name: payload.name,
                    version: payload.version,
                    securityVersion: payload.securityVersion,
                    size: payload.artifact.size,
                    sha256: payload.artifact.sha256,
                    manifest: release.manifest
                ),
                from: GrantedFrom(release: state.running.manifest, bootState: attested.boot),
                lease: GrantLease(id: lease.id, exp: lease.expires),
                policy: GrantPolicy(sha256: policy.digest, rule: rule.id),
                bounds: GrantBounds(
                    resetCount: clock.resetCount,
                    clock: GrantBounds.ClockBounds(min: clock.clock, max: end.partialValue),
                    counter: GrantBounds.CounterBound(
                        index: state.counters(bornFrom: record).grants.index,
                        value: counters.grants
                    )
                )
            ),
            boot: payload.boot
        )
    }
}

extension Transition {
    /// The change, with a signed grant as the instance's pending one and as the last entry.
    func issuing(_ grant: SignedGrant) throws(MessageError) -> Transition {
        let claims = grant.terms.claims
        var state = state
        state.pending = PendingGrant(
            jti: claims.jti,
            grant: grant.digest,
            package: claims.package.reference,
            securityVersion: claims.package.securityVersion,
            boot: grant.terms.boot,
            expires: claims.exp,
            lease: claims.lease.id,
            resetCount: claims.bounds.resetCount,
            counter: claims.bounds.counter.value,
            status: .issued
        )
        let body = GrantEntry(
            grant: grant.digest,
            jti: claims.jti,
            request: claims.request,
            lease: claims.lease.id,
            package: claims.package.reference,
            expires: claims.exp
        )
        let written = try WrittenEntry(
            LedgerEntry(
                at: claims.iat,
                instance: state.instance,
                prev: state.lastEntry,
                actor: Actor(.verifier, claims.iss),
                body: .grant(body)
            )
        )
        state.lastEntry = written.digest
        return Transition(state: state, entries: entries + [written])
    }
}
