import AttestationResults
import Messages

/// Decides: verdict, record, state, release, policy and time in; the change to store and the answer to give out.
///
/// The same input gives the same decision. Only evidence that the instance's own key signed changes or records anything.
public func decide(_ input: DecisionInput) -> Decision {
    do throws(MessageError) {
        switch input.verdict {
        case .undecided(let cause):
            return .unchanged(.undecided(cause))
        case .refused(let refusal):
            guard let observation = refusal.authentic else { return .unchanged(.notAuthentic) }
            if let stopped = try input.stopped(observation) { return stopped }
            if input.carried != nil, let harmless = input.refuseDelayed(refusal) { return harmless }
            return try input.refuseEvidence(refusal, observation: observation)
        case .accepted(let attested):
            if let contradiction = input.contradiction(of: attested) { return .unchanged(.undecided(contradiction)) }
            if let stopped = try input.stopped(attested.observation) { return stopped }
            guard (input.carried != nil) == (input.request.request.purpose == .delayed) else {
                return .unchanged(
                    .undecided("evidence out of a file is good for a delayed grant, and for nothing else")
                )
            }
            if input.carried != nil { return try input.grantDelayed(attested, draft: input.draft) }
            return try input.judge(attested)
        }
    } catch {
        return .unchanged(.undecided(error.detail))
    }
}

extension Decision {
    static func unchanged(_ outcome: Outcome, _ explanation: [String] = []) -> Decision {
        Decision(outcome: outcome, transition: nil, explanation: explanation)
    }
}

extension DecisionInput {
    /// The answer to an instance whose life or suspension leaves nothing to decide.
    ///
    /// A suspension records nothing, so that an instance that keeps asking does not fill the ledger.
    fileprivate func stopped(_ observation: Observation) throws(MessageError) -> Decision? {
        switch state.lifecycle {
        case .suspended:
            .unchanged(.refused(Refused(reasons: [.suspended], evidence: [])), ["the instance is suspended"])
        case .reimaged:
            .unchanged(.refused(Refused(reasons: [.reimaged], evidence: [])), ["the instance was reimaged"])
        case .retired: try refuseRetired(observation)
        case .born, .trusted, .rescue, .drifted:
            // Not recorded either: whoever lowered the tier is who has to raise it.
            state.lowered?.holds(at: now) == true
                ? .unchanged(
                    .refused(Refused(reasons: [.tierLowered], evidence: [])),
                    ["its TPM answers, and its tier is \(state.lowered?.mark.description ?? "")"]
                ) : nil
        }
    }

    /// What makes the parts of the input belong to different instances or requests: a fault of the caller, and never trust.
    func contradiction(of attested: AttestedState) -> String? {
        guard attested.instance == state.instance, record.instance == state.instance,
            request.request.instance == state.instance
        else { return "evidence, request, record and state are of different instances" }
        guard attested.request == request.digest else { return "the evidence answers another request" }
        guard attested.attest == quote else { return "the evidence is another quote" }
        guard attested.iakName == record.iak.name else {
            return "the evidence is signed by another key than the record's"
        }
        // Expectations out of another state than this one: the state changed between appraisal and decision.
        let expectations =
            state.expectations(for: request.request.purpose, grant: request.request.grant, carried: carried)
            + state.strayExpectations(record, among: known)
        let isExpected = expectations.contains { expected in
            expected.name == attested.boot && expected.release == attested.release
                && expected.profile.exact.bank == attested.pcrs.bank
                && expected.profile.exact.differing(from: attested.pcrs).isEmpty
        }
        guard isExpected
        else { return "the evidence was held against boots that this state does not expect" }
        return nil
    }

    /// The draft of a change by this verifier.
    var draft: TransitionDraft { TransitionDraft(of: state, at: now, actor: Actor(.verifier, verifier)) }

    fileprivate func refuseEvidence(_ refusal: Refusal, observation: Observation) throws(MessageError) -> Decision {
        guard request.request.instance == state.instance, record.instance == state.instance else {
            return .unchanged(.undecided("request, record and state are of different instances"))
        }
        let codes = refusal.reasons.map(\.code)
        var draft = draft
        try draft.settle(standings)
        let refused = Refused(reasons: [.evidenceRefused], evidence: codes)
        let endsLease = codes.contains(where: \.endsLease)
        if endsLease {
            // An operator who reinstates the instance takes its TPM as it is now. A refusal that ends nothing moves nothing
            // either: the reboot that it may have shown is still to be noticed.
            draft.state.lastSeen = LastSeen(observation)
            draft.state.lifecycle = state.lifecycle.after(.evidenceRefused) ?? state.lifecycle
            draft.state.remark = remark(on: codes, observation)
            draft.state.refused = RefusedBoot(
                at: now,
                quote: quote,
                reasons: codes.map(\.rawValue),
                pcrs: observation.pcrs,
                log: log,
                ima: refusal.reasons.filter { $0.code == .imaPolicy }.map(\.detail)
            )
        }
        try recordDecision(in: &draft, observation, boot: nil, rule: nil, reasons: refused.codes)
        if endsLease {
            if let counters = request.request.counters, let pending = draft.state.pending, isCounted(pending),
                pending.isOvertaken(by: observation, counters: counters)
            {
                try draft.reach(.failed, shownBy: quote)
            }
            try draft.endLease(because: codes.leaseCause)
        }
        return Decision(
            outcome: .refused(refused),
            transition: draft.finished,
            explanation: refusal.reasons.map { "\($0.code.rawValue) (\($0.code.check)): \($0.detail)" }
        )
    }

    fileprivate func judge(_ attested: AttestedState) throws(MessageError) -> Decision {
        var draft = draft
        try draft.settle(standings)
        draft.state.lastSeen = LastSeen(attested.observation)
        let request = request.request
        let subject = PolicySubject(record.facts, package: request.package?.name ?? state.running.name)
        let rule = policy.rule(for: subject)
        // Before the policy: no rule keeps a lease going that belongs to what the device was before.
        if let reimage = reimage(attested) { return try refuse(reimage, attested, rule: rule, draft: draft) }
        guard let rule else {
            return try refuse([.noPolicyRule], attested, rule: nil, renewing: nil, draft: draft)
        }
        guard attested.ima?.policy == (try policy.imaRules(of: rule, for: record)?.digest) else {
            return .unchanged(.undecided("the IMA list was judged by other rules than those in force"))
        }
        // What must hold before the evidence is worth a lease at all.
        let shortcomings =
            tierShortcomings + rule.boot.shortcomings(of: attested) + imaShortcomings(rule) + counterShortcomings
        let isRecalled = isRecalled(attested)
        guard shortcomings.isEmpty, let next = state.lifecycle.after(isRecalled ? .recalled : attested.boot.event)
        else {
            return try refuse(shortcomings, attested, rule: rule, renewing: nil, draft: draft)
        }
        draft.state.lifecycle = next
        if attested.boot != .rescue { draft.state.installation = installation }
        draft.state.strayed = strayed(attested)
        draft.state.remark = draft.state.strayed?.remark
        draft.state.refused = nil
        draft.state.ima = attested.ima
        // Without a log the earlier one still tells of the current boot, and of no other.
        if attested.log != nil || attested.boot != .current { draft.state.acceptedLog = attested.log }
        if let counters = request.counters { draft.state.counters = counters }
        try noteProgress(of: attested, in: &draft)
        if isRecalled { try draft.noteRecall(of: attested.boot, after: state.lifecycle, standings) }
        guard let seconds = isRecalled ? rule.rescueSeconds : rule.leaseSeconds(for: attested.boot) else {
            return try refuse([.drifted], attested, rule: rule, renewing: nil, ending: .drifted, draft: draft)
        }
        switch request.purpose {
        case .attest: return try renew(attested, rule: rule, seconds, draft: draft)
        case .vouch: return try vouch(attested, rule: rule, seconds, draft: draft)
        case .update: return try grant(attested, rule: rule, seconds, draft: draft)
        case .confirm: return try confirm(attested, rule: rule, seconds, draft: draft)
        case .delayed: return .unchanged(.undecided("a delayed request that is not out of a file"))
        case .farewell: return .unchanged(.undecided("a farewell is not decided on: it is taken or not"))
        }
    }

    /// Whether what booted was recalled, and is not to be left for another reason already.
    func isRecalled(_ attested: AttestedState) -> Bool {
        let manifest: ContentDigest? =
            switch attested.boot {
            case .current: state.running.manifest
            case .granted: state.openGrant(shownBy: attested)?.package.manifest
            case .previous, .rescue, .drifted: nil
            }
        return manifest.map { standings[$0] == .recalled } ?? false
    }

    /// Whether a grant is known to be spent, or the TPM's counter tells if it was: one that began anew is above all that was
    /// granted before.
    private func isCounted(_ grant: PendingGrant) -> Bool {
        // What was seen to be installed or to boot, and boots no more, has fallen back, whatever the counter tells.
        if grant.stage == .installed || grant.stage == .booted { return true }
        return grant.counter.map { $0 >= state.counters(bornFrom: record).grants.base } ?? true
    }

    /// A confirmation that holds is a receipt, which says more.
    private func noteProgress(of attested: AttestedState, in draft: inout TransitionDraft) throws(MessageError) {
        guard let pending = draft.state.pending, let counters = request.request.counters,
            request.request.purpose != .confirm || attested.boot != .granted,
            attested.boot != .granted || state.openGrant(shownBy: attested)?.jti == pending.jti,
            attested.boot == .granted || isCounted(pending),
            let stage = pending.stage(
                shownBy: attested,
                counters: counters,
                running: state.running.manifest,
                at: now
            )
        else { return }
        try draft.reach(stage, shownBy: quote)
    }

    /// A gateway's word counts as long as the gateway itself is healthy; its evidence renews its lease either way.
    private func vouch(
        _ attested: AttestedState,
        rule: PolicyRule,
        _ seconds: Int64,
        draft: TransitionDraft
    ) throws(MessageError) -> Decision {
        let reasons: [DecisionReason] =
            (rule.gateway == true ? [] : [.notAGateway])
            + (draft.state.lifecycle == .trusted ? [] : [.gatewayNotTrusted])
        guard reasons.isEmpty else {
            return try refuse(reasons, attested, rule: rule, renewing: seconds, draft: draft)
        }
        return try renew(attested, rule: rule, seconds, draft: draft)
    }

    private func renew(
        _ attested: AttestedState,
        rule: PolicyRule,
        _ seconds: Int64,
        draft: TransitionDraft
    ) throws(MessageError) -> Decision {
        var draft = draft
        try recordAcceptance(of: attested, rule: rule, in: &draft)
        let lease = try renewLease(in: &draft, attested, seconds: seconds)
        return accepted(attested, rule: rule, lease: lease, draft: draft)
    }
}
