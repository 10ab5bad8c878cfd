import AttestationResults
public import Messages

/// What follows from a receipt that came as a file.
public enum ReceiptDecision: Hashable, Sendable {
    /// It is taken: the change to store before anybody is told, and what became of it.
    case taken(Transition, ReceiptAnswer.Outcome)
    /// It was taken before.
    case known
    /// It is not taken, and nothing changes.
    case refused(Refused)
    /// Nothing shows who made it.
    case notAuthentic
    /// Nothing could be concluded.
    case undecided(String)
}

/// Judges a receipt that came as a file: early, late, doubled, in any order.
///
/// It shows that the boot of a grant was reached once. It renews nothing, ends nothing, and says nothing of what runs now.
public func receive(_ input: DecisionInput) -> ReceiptDecision {
    do throws(MessageError) {
        guard let jti = input.request.request.grant, input.carried == .grant, input.request.request.challenge == jti
        else { return .undecided("no receipt out of a file") }
        switch input.verdict {
        case .undecided(let cause): return .undecided(cause)
        case .refused(let refusal):
            guard refusal.authentic != nil else { return .notAuthentic }
            if input.state.isClosed(jti) { return .known }
            return .refused(Refused(reasons: [.evidenceRefused], evidence: refusal.reasons.map(\.code)))
        case .accepted(let attested):
            if let contradiction = input.contradiction(of: attested) { return .undecided(contradiction) }
            return try input.receive(attested, jti)
        }
    } catch {
        return .undecided(error.detail)
    }
}

extension InstanceState {
    /// Whether the boot of a grant was seen.
    func isClosed(_ jti: String) -> Bool { running.grant == jti || closed?.contains(jti) == true }
}

extension DecisionInput {
    fileprivate func receive(_ attested: AttestedState, _ jti: String) throws(MessageError) -> ReceiptDecision {
        if state.isClosed(jti) { return .known }
        // A retired life has no news. A suspended one has: what it did before is still true.
        if state.lifecycle == .retired { return .refused(Refused(reasons: [.retired], evidence: [])) }
        guard let grant = state.openGrant(jti) else {
            return .refused(Refused(reasons: [.grantUnknown], evidence: []))
        }
        guard let counters = request.request.counters else {
            return .refused(Refused(reasons: [.countersMissing], evidence: []))
        }
        let reasons = reasonsAgainstConfirming(grant, attested, counters: counters)
        guard reasons.isEmpty else { return .refused(Refused(reasons: reasons, evidence: [])) }
        var draft = draft
        try draft.settle(standings)
        let isCurrent = try close(grant, shownBy: attested, rule: nil, in: &draft)
        let seen = draft.state.counters
        draft.state.counters = CounterReadings(
            securityFloor: max(counters.securityFloor, seen?.securityFloor ?? 0),
            grants: max(counters.grants, seen?.grants ?? 0)
        )
        return .taken(draft.finished, isCurrent ? .closed : .late)
    }
}
