import AttestationResults
import Messages

/// The purpose `delayed`: a grant on evidence that came as a file.
///
/// Such evidence shows what the device was, not what it is: it renews no lease and moves nothing that is known of the instance.
extension DecisionInput {
    func grantDelayed(_ attested: AttestedState, draft: TransitionDraft) throws(MessageError) -> Decision {
        guard let package = request.request.package, let freshness = carried else {
            return .unchanged(.undecided("a delayed request without a package, or not out of a file"))
        }
        guard let rule = policy.rule(for: PolicySubject(record.facts, package: package.name)) else {
            return refuseDelayed([.noPolicyRule], rule: nil)
        }
        guard attested.ima?.policy == (try policy.imaRules(of: rule, for: record)?.digest) else {
            return .unchanged(.undecided("the IMA list was judged by other rules than those in force"))
        }
        if reimage(attested) != nil { return refuseDelayed([.reimaged], rule: rule) }
        guard let delayed = rule.delayed else { return refuseDelayed([.delayedNotAllowed], rule: rule) }
        guard let counters = request.request.counters else { return refuseDelayed([.countersMissing], rule: rule) }
        guard let release, release.manifest == package.manifest else {
            return refuseDelayed([.releaseUnknown], rule: rule)
        }
        let clock = attested.observation.clock
        let usable = state.usableDelayed(at: clock, counter: counters.grants)
        var draft = draft
        try draft.settle(standings)
        draft.state.makeRoomForDelayed(at: clock, counter: counters.grants)
        // What will run when those before it have been installed.
        var ahead = state
        ahead.strayed = strayed(attested)
        if let last = usable.last {
            ahead.running = RunningRelease(broughtBy: last.grant)
            ahead.strayed = nil
        }
        let conditions = conditions(of: release, rule, ahead)
        var reasons = [delayed.reason(against: freshness, at: now)].compactMap { $0 }
        reasons += tierShortcomings + rule.boot.shortcomings(of: attested) + imaShortcomings(rule) + counterShortcomings
        if attested.boot == .drifted { reasons.append(.drifted) }
        reasons += reasonsOfOpenGrants(attested, package: package, counters: counters, usable: usable)
        if (draft.state.delayed?.count ?? 0) >= DelayedGrant.maximumCount { reasons.append(.tooManyGrants) }
        reasons += release.release.reasonsAgainst(package)
        let floor = state.floor(bornFrom: record, reading: counters.securityFloor)
        reasons += conditions.reasonsAgainst(floor: floor)
        guard reasons.isEmpty else {
            return refuseDelayed(reasons, rule: rule, details: conditions.details(floor: floor))
        }

        let (counter, overflow) = (usable.last?.bounds.counter.value ?? 0).addingReportingOverflow(
            usable.isEmpty ? 0 : 1
        )
        let (end, isBeyond) = now.addingReportingOverflow(delayed.span.seconds)
        guard !overflow, !isBeyond else { throw MessageError(.outOfRange, "clock or counter are beyond any grant") }
        let downgrade = conditions.downgrade(below: floor)
        let expires = min(end, release.release.expires ?? end, downgrade?.until ?? end)
        try recordAcceptance(of: attested, rule: rule, under: conditions, in: &draft)
        try draft.record(
            .lease(LeaseEntry(id: identifiers.lease, event: .issued, cause: .delayed, expires: expires))
        )
        let lease = GrantLease(id: identifiers.lease, exp: expires)
        let terms = try terms(
            attested,
            rule: rule,
            release: release,
            lease: lease,
            until: expires,
            counter: usable.isEmpty ? counters.grants : counter,
            resets: delayed.resets,
            purpose: conditions.move == .downgrade || downgrade != nil ? .downgrade : .update,
            downgrade: downgrade.map { GrantDowngrade(act: $0.act, floor: floor) }
        )
        let acceptance = Acceptance(
            lease: LeaseStatement(id: lease.id.text, expires: expires),
            boot: attested.boot,
            rule: rule.id,
            ima: attested.ima
        )
        return Decision(
            outcome: .granting(terms, acceptance),
            transition: draft.finished,
            explanation: explanation(of: rule) + conditions.exemptions
        )
    }

    /// A refusal that nothing follows from: the file can be brought again when what stands against it is put right.
    private func refuseDelayed(
        _ reasons: [DecisionReason],
        rule: PolicyRule?,
        details: [String] = []
    ) -> Decision {
        .unchanged(.refused(Refused(reasons: reasons, evidence: [])), explanation(of: rule) + details)
    }

    /// Grants that were given before: those of the stick stand in one row by their counters, and nothing else is under way.
    private func reasonsOfOpenGrants(
        _ attested: AttestedState,
        package: PackageReference,
        counters: CounterReadings,
        usable: [DelayedGrant]
    ) -> [DecisionReason] {
        if attested.boot == .granted { return [.grantUnconfirmed] }
        let earlier = reasonsOfEarlierGrant(attested, package: package, counters: counters)
        guard earlier.isEmpty else { return earlier }
        if let pending = state.pending, pending.status == .issued, now < pending.expires,
            pending.counter.map({ $0 >= counters.grants }) ?? true
        {
            return [.grantOutstanding]
        }
        let isOneRow = usable.enumerated().allSatisfy { offset, held in
            held.bounds.counter.value &- counters.grants == UInt64(offset)
        }
        let isGranted = usable.contains { $0.grant.package.manifest == package.manifest }
        return isOneRow && !isGranted ? [] : [.grantOutstanding]
    }

    /// An authentic refusal of evidence out of a file.
    ///
    /// What is only older than what was seen since says nothing against the instance. Receipts show no clock that is kept, and
    /// counters that are.
    func refuseDelayed(_ refusal: Refusal) -> Decision? {
        let codes = refusal.reasons.map(\.code)
        let isHarmless =
            codes.contains(.clockWentBack) || codes.contains(.tpmClearedOrReplaced)
            || counterShortcomings.contains(.countersInconsistent) || !codes.contains(where: \.endsLease)
        guard isHarmless else { return nil }
        return .unchanged(
            .refused(Refused(reasons: [.evidenceRefused], evidence: codes)),
            refusal.reasons.map { "\($0.code.rawValue) (\($0.code.check)): \($0.detail)" }
        )
    }
}
