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
        guard let pending = state.openGrant(jti) else {
            return try refuse([.grantUnknown], attested, rule: rule, renewing: seconds, draft: draft)
        }
        let reasons = reasonsAgainstConfirming(pending, attested, counters: counters)
        guard reasons.isEmpty else {
            return try refuse(reasons, attested, rule: rule, renewing: seconds, draft: draft)
        }

        var draft = draft
        _ = try close(pending, shownBy: attested, rule: rule, in: &draft)
        let lease = try renewLease(in: &draft, attested, seconds: seconds, because: .confirmed)
        return accepted(attested, rule: rule, lease: lease, draft: draft)
    }

    /// Takes a boot for that of a grant: the receipt.
    /// - Parameter rule: the rule that decided; `nil` where none had to.
    /// - Returns: whether it is what runs now.
    func close(
        _ grant: PendingGrant,
        shownBy attested: AttestedState,
        rule: PolicyRule?,
        in draft: inout TransitionDraft
    ) throws(MessageError) -> Bool {
        let isCurrent = draft.state.close(grant)
        try recordAcceptance(of: attested, rule: rule, in: &draft)
        try draft.record(
            .receipt(
                ReceiptEntry(
                    grant: grant.grant,
                    jti: grant.jti,
                    package: grant.package,
                    securityFloor: draft.state.securityFloor,
                    quote: attested.attest,
                    late: isCurrent ? nil : true
                )
            )
        )
        return isCurrent
    }

    /// What stands against taking a boot for that of a grant.
    func reasonsAgainstConfirming(
        _ grant: PendingGrant,
        _ attested: AttestedState,
        counters: CounterReadings
    ) -> [DecisionReason] {
        var reasons: [DecisionReason] = []
        // That of another open grant is told by its release.
        if attested.boot != .granted || attested.release != nil { reasons.append(.bootNotAsGranted) }
        if attested.observation.clock.resetCount == grant.resetCount { reasons.append(.notRebooted) }
        // One that was given while its TPM did not speak for it spends no counter.
        if let counter = grant.counter, counters.grants <= counter { reasons.append(.grantNotSpent) }
        return reasons
    }
}
