public import Messages

extension Policy {
    /// What would be decided, were this instance to ask now with evidence that is accepted: for people, who want to know beforehand.
    /// - Parameters:
    ///   - manifest: the release that it would ask for; `nil` to ask about its lease only.
    ///   - known: that release, when it is registered.
    ///   - approvals: those on record for that release.
    ///   - emergencies: those that were declared for it.
    public func explain(
        _ birth: InstanceBirth,
        state: InstanceState,
        manifest: ContentDigest?,
        known: KnownRelease?,
        approvals: [RecordedApproval] = [],
        emergencies: [RecordedEmergency] = [],
        at now: Int64
    ) -> PolicyExplanation {
        let facts = state.lowered == nil ? birth.facts : birth.facts.withoutTPM
        let subject = PolicySubject(facts, package: known?.release.name ?? state.running.name)
        let rule = rule(for: subject)
        var reasons: [DecisionReason] = []
        switch state.lifecycle {
        case .suspended: reasons.append(.suspended)
        case .reimaged: reasons.append(.reimaged)
        case .retired: reasons.append(.retired)
        case .born, .trusted, .rescue, .drifted: break
        }
        if rule == nil { reasons.append(.noPolicyRule) }
        if let rule { reasons += reasonsOfTier(rule, birth, facts.tier) }
        var details: [String] = []
        if let manifest {
            if let known, known.manifest == manifest {
                if let rule {
                    let conditions = UpdateConditions(
                        birth: birth.facts,
                        state: state,
                        known: known,
                        rule: rule,
                        authority: ReleaseAuthority(approvals: approvals, emergencies: emergencies),
                        now: now
                    )
                    let floor = floor(of: birth, state)
                    reasons += conditions.reasonsAgainst(floor: floor)
                    details = conditions.details(floor: floor)
                    if let says = rule.witnessesSay { details.append(says) }
                    if let controls = rule.controls, facts.tier == .compensated {
                        let covering = approvals.filter { $0.approval.covers(birth.facts) }
                        let isApproved = covering.counting(controls.roles, at: now).count >= controls.approvals
                        let isListed = controls.releases.contains(known.release.name)
                        reasons += isApproved && isListed ? [] : [.controlsUnmet]
                        details += controls.says(package: known.release.name, covering, at: now)
                    }
                }
            } else {
                reasons.append(.releaseUnknown)
            }
        }
        return PolicyExplanation(
            rule: rule?.id.text,
            rules: explain(subject),
            refusals: reasons.map(\.rawValue),
            details: details
        )
    }

    /// What of a rule says nothing to an instance of this tier.
    private func reasonsOfTier(_ rule: PolicyRule, _ birth: InstanceBirth, _ tier: Tier) -> [DecisionReason] {
        switch birth {
        case .measured where tier == .compensated: rule.controls == nil ? [.tierNotServed] : []
        case .measured(let record): (rule.boot.ima == nil) == (record.imaPCR == nil) ? [] : [.imaNotJudged]
        case .compensated: rule.controls == nil ? [.tierNotServed] : []
        }
    }

    private func floor(of birth: InstanceBirth, _ state: InstanceState) -> UInt64 {
        switch birth {
        case .measured(let record): state.floor(bornFrom: record, reading: state.counters?.securityFloor)
        case .compensated: state.securityFloor
        }
    }
}
