import AttestationResults
import Messages

extension PolicyRule.BootRule {
    /// What an accepted boot lacks of what the policy wants.
    func shortcomings(of attested: AttestedState) -> [DecisionReason] {
        guard requireLog else { return [] }
        guard attested.log != nil, let facts = attested.facts else { return [.logRequired] }
        var reasons: [DecisionReason] = []
        if secureBoot == .required, facts.secureBoot != true { reasons.append(.secureBootRequired) }
        if let firmwareVersions, !firmwareVersions.contains(where: { $0 == facts.firmwareVersion }) {
            reasons.append(.firmwareNotAllowed)
        }
        return reasons
    }
}

extension DecisionInput {
    /// An instance that quotes what Linux measures is judged by it, and a rule that wants that is for no other.
    func imaShortcomings(_ rule: PolicyRule) -> [DecisionReason] {
        (rule.boot.ima == nil) == (record.imaPCR == nil) ? [] : [.imaNotJudged]
    }

    /// A quote proves a TPM; an instance that was born without one has none to quote with.
    var tierShortcomings: [DecisionReason] {
        switch record.tier {
        case .tpm, .vtpm: []
        case .compensated: [.tierNotServed]
        }
    }

    /// NV counters never go back: readings below an earlier one, or below what was stated, are not this TPM's.
    ///
    /// An instance with a TPM that asks for a package or confirms one has to give them: leaving them out would lift a bound.
    var counterShortcomings: [DecisionReason] {
        guard let readings = request.request.counters else {
            return request.request.purpose == .attest ? [] : [.countersMissing]
        }
        let stated = state.counters(bornFrom: record)
        let floor = max(stated.securityFloor.base, state.counters?.securityFloor ?? 0)
        let grants = max(stated.grants.base, state.counters?.grants ?? 0)
        return readings.securityFloor >= floor && readings.grants >= grants ? [] : [.countersInconsistent]
    }
}

extension AttestedState {
    /// Whether the platform was reset and came back to the boot it had: nobody was told of that reset.
    ///
    /// A reset into the granted boot is the one that the grant announced.
    var unannouncedReboot: Bool {
        guard case .rebooted = movement else { return false }
        return boot != .granted
    }
}
