import AttestationResults
import Messages

extension DecisionInput {
    /// The purpose `confirm`: the quote of the boot that followed a grant closes it.
    func confirm(
        _ attested: AttestedState,
        rule: PolicyRule,
        _ seconds: Int64,
        draft: TransitionDraft
    ) throws(MessageError) -> Decision {
        guard let jti = request.request.grant, let counters = request.request.counters else {
            return .unchanged(.undecided("a confirmation without grant or counters"))
        }
        if state.running.grant == jti, attested.boot == .current {
            // The answer to the first confirmation was lost: the receipt stands, and saying it again changes nothing.
            var draft = draft
            try recordAcceptance(of: attested, rule: rule, in: &draft)
            let lease = try renewLease(in: &draft, attested, seconds: seconds)
            return accepted(attested, rule: rule, lease: lease, draft: draft)
        }
        guard let pending = state.pending, pending.jti == jti else {
            return try refuse([.grantUnknown], attested, rule: rule, renewing: seconds, draft: draft)
        }
        var reasons: [DecisionReason] = []
        if attested.boot != .granted { reasons.append(.bootNotAsGranted) }
        if attested.observation.clock.resetCount == pending.resetCount { reasons.append(.notRebooted) }
        if counters.grants <= pending.counter { reasons.append(.grantNotSpent) }
        guard reasons.isEmpty else {
            return try refuse(reasons, attested, rule: rule, renewing: seconds, draft: draft)
        }

        var draft = draft
        if pending.package.manifest != state.running.manifest { draft.state.previous = state.running }
        draft.state.running = RunningRelease(broughtBy: pending)
        draft.state.securityFloor = max(state.securityFloor, pending.securityVersion)
        draft.state.pending = nil
        try recordAcceptance(of: attested, rule: rule, in: &draft)
        try draft.record(
            .receipt(
                ReceiptEntry(
                    grant: pending.grant,
                    jti: pending.jti,
                    package: pending.package,
                    securityFloor: draft.state.securityFloor,
                    quote: attested.attest
                )
            )
        )
        let lease = try renewLease(in: &draft, attested, seconds: seconds, because: .confirmed)
        return accepted(attested, rule: rule, lease: lease, draft: draft)
    }
}
