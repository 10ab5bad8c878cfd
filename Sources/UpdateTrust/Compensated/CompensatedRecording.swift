import AttestationResults
import Messages

/// How a decision about an instance without a TPM is put down: the entry that states it, what becomes of the lease, and the answer.
extension CompensatedInput {
    func accept(
        _ ground: Ground,
        because cause: LeaseCause,
        draft: TransitionDraft
    ) throws(MessageError) -> CompensatedDecision {
        var draft = draft
        try record([], ground.shown, rule: ground.rule, controls: ground.controls, in: &draft)
        let lease = try renew(ground, because: cause, in: &draft)
        return CompensatedDecision(
            outcome: .accepted(acceptance(ground, lease)),
            transition: draft.finished,
            explanation: ["rule \(ground.rule.id) decided"]
        )
    }

    func acceptance(_ ground: Ground, _ lease: Lease) -> CompensatedAcceptance {
        CompensatedAcceptance(
            ratchet: ground.shown.ratchet,
            lease: lease.statement,
            rule: ground.rule.id,
            controls: ground.controls,
            lowered: state.lowered?.mark
        )
    }

    func renew(
        _ ground: Ground,
        because cause: LeaseCause,
        in draft: inout TransitionDraft
    ) throws(MessageError) -> Lease {
        // A lease that was given for health does not go on beside something else.
        let strays = !ground.boot.isOwn && state.lifecycle != draft.state.lifecycle
        // No lease outlives the time that an operator gave.
        let seconds = min(ground.seconds, state.lowered.map { $0.mark.until &- now } ?? ground.seconds)
        return try draft.renewLease(
            id: identifiers.lease,
            seconds: seconds,
            because: cause,
            reboot: strays,
            under: vouch
        )
    }

    /// Records a refusal of an authentic request; the ratchet has moved on all the same.
    func refuse(
        _ reasons: [DecisionReason],
        _ shown: CompensatedState,
        rule: PolicyRule?,
        _ controls: [ControlReport] = [],
        renewing ground: Ground? = nil,
        ending cause: LeaseCause? = nil,
        draft: TransitionDraft,
        _ details: [String] = []
    ) throws(MessageError) -> CompensatedDecision {
        var draft = draft
        try record(reasons, shown, rule: rule, controls: controls, in: &draft)
        if let ground {
            _ = try renew(ground, because: ground.boot.leaseCause, in: &draft)
        } else if let cause {
            try draft.endLease(because: cause)
        }
        return CompensatedDecision(
            outcome: .refused(Refused(reasons: reasons, evidence: [])),
            transition: draft.finished,
            explanation: (rule.map { ["rule \($0.id) decided"] } ?? []) + details
        )
    }

    func record(
        _ reasons: [DecisionReason],
        _ shown: CompensatedState?,
        rule: PolicyRule?,
        controls: [ControlReport],
        fork: Fork? = nil,
        under conditions: UpdateConditions? = nil,
        in draft: inout TransitionDraft
    ) throws(MessageError) {
        guard let ratchet = draft.state.ratchet else {
            throw MessageError(.outOfRange, "an instance without a ratchet")
        }
        let differing = shown?.differingClaims ?? []
        try draft.record(
            .compensated(
                CompensatedDecisionEntry(
                    purpose: request.request.purpose,
                    request: request.digest,
                    evidence: evidence,
                    accepted: reasons.isEmpty,
                    reasons: reasons.map(\.rawValue),
                    policy: policy.digest,
                    rule: rule?.id,
                    position: ratchet.position,
                    key: ratchet.key.thumbprint,
                    repeated: shown?.isRepeated == true ? true : nil,
                    claimed: request.request.running,
                    differing: differing.isEmpty ? nil : differing,
                    controls: controls,
                    lifecycle: draft.state.lifecycle,
                    lowered: state.lowered?.mark,
                    vouch: vouch?.report,
                    fork: fork.map(ForkEntry.init),
                    approvals: conditions?.approvalEntries,
                    emergencies: conditions?.emergencyEntries,
                    basis: basis
                )
            )
        )
    }
}
