import AttestationResults
import Messages

/// How a decision is put down: the entry that states it, what becomes of the lease, and the answer.
extension DecisionInput {
    func accepted(_ attested: AttestedState, rule: PolicyRule, lease: Lease, draft: TransitionDraft) -> Decision {
        let acceptance = Acceptance(lease: lease.statement, boot: attested.boot, rule: rule.id, ima: attested.ima)
        return Decision(outcome: .accepted(acceptance), transition: draft.finished, explanation: explanation(of: rule))
    }

    /// Records a refusal of an authentic request.
    ///
    /// Evidence that has nothing against it renews the lease all the same. Evidence that lacks something renews nothing, and
    /// a lease that a reboot has ended does not come back by being refused.
    func refuse(
        _ reasons: [DecisionReason],
        _ attested: AttestedState,
        rule: PolicyRule?,
        renewing seconds: Int64?,
        ending cause: LeaseCause? = nil,
        draft: TransitionDraft,
        details: [String] = []
    ) throws(MessageError) -> Decision {
        var draft = draft
        try recordDecision(
            in: &draft,
            attested.observation,
            boot: attested.boot,
            release: attested.release,
            rule: rule,
            reasons: reasons.map(\.rawValue)
        )
        if let seconds {
            _ = try renewLease(in: &draft, attested, seconds: seconds)
        } else if let cause {
            try draft.endLease(because: cause)
        } else if attested.unannouncedReboot {
            try draft.recordEndOfEarlierLease(reboot: true)
        }
        return Decision(
            outcome: .refused(Refused(reasons: reasons, evidence: [])),
            transition: draft.finished,
            explanation: explanation(of: rule) + details
        )
    }

    func renewLease(
        in draft: inout TransitionDraft,
        _ attested: AttestedState,
        seconds: Int64,
        because cause: LeaseCause? = nil
    ) throws(MessageError) -> Lease {
        // A lease that was given for health does not go on beside something else.
        let strays = !attested.boot.isOwn && state.lifecycle != draft.state.lifecycle
        return try draft.renewLease(
            id: identifiers.lease,
            seconds: seconds,
            because: cause ?? attested.boot.leaseCause,
            reboot: attested.unannouncedReboot || strays
        )
    }

    func recordAcceptance(
        of attested: AttestedState,
        rule: PolicyRule?,
        under conditions: UpdateConditions? = nil,
        in draft: inout TransitionDraft
    ) throws(MessageError) {
        try recordDecision(
            in: &draft,
            attested.observation,
            boot: attested.boot,
            release: attested.release,
            rule: rule,
            reasons: [],
            under: conditions
        )
    }

    func explanation(of rule: PolicyRule?) -> [String] {
        if let rule { return ["rule \(rule.id) decided"] }
        let subject = PolicySubject(record.facts, package: request.request.package?.name ?? state.running.name)
        return policy.explain(subject).map { "rule \($0.rule) does not fit: \($0.because)" }
    }

    func recordDecision(
        in draft: inout TransitionDraft,
        _ observation: Observation,
        boot: BootName?,
        release: ContentDigest? = nil,
        rule: PolicyRule?,
        reasons: [String],
        under conditions: UpdateConditions? = nil
    ) throws(MessageError) {
        try draft.record(
            .decision(
                DecisionEntry(
                    purpose: request.request.purpose,
                    request: request.digest,
                    quote: quote,
                    accepted: reasons.isEmpty,
                    reasons: reasons,
                    policy: policy.digest,
                    rule: rule?.id,
                    boot: boot,
                    release: release,
                    seen: LastSeen(observation),
                    installation: newInstallation(in: draft.state),
                    lifecycle: draft.state.lifecycle,
                    carried: carried != nil && reasons.isEmpty ? true : nil,
                    vouches: request.request.vouches,
                    approvals: conditions?.approvalEntries,
                    emergencies: conditions?.emergencyEntries,
                    basis: basis
                )
            )
        )
    }
}
