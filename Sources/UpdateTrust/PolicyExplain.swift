public import Messages

extension Policy {
    /// What would be decided, were this instance to ask now with evidence that is accepted: for people, who want to know beforehand.
    /// - Parameters:
    ///   - manifest: the release that it would ask for; `nil` to ask about its lease only.
    ///   - known: that release, when it is registered.
    public func explain(
        _ record: BirthRecord,
        state: InstanceState,
        manifest: ContentDigest?,
        known: KnownRelease?,
        at now: Int64
    ) -> PolicyExplanation {
        let subject = PolicySubject(record.facts, package: known?.release.name ?? state.running.name)
        let rule = rule(for: subject)
        var reasons: [DecisionReason] = []
        switch state.lifecycle {
        case .suspended: reasons.append(.suspended)
        case .reimaged: reasons.append(.reimaged)
        case .retired: reasons.append(.retired)
        case .born, .trusted, .rescue, .drifted: break
        }
        if rule == nil { reasons.append(.noPolicyRule) }
        if let rule, (rule.boot.ima == nil) != (record.imaPCR == nil) { reasons.append(.imaNotJudged) }
        var details: [String] = []
        if let manifest {
            if let known, known.manifest == manifest {
                if let rule {
                    let conditions = UpdateConditions(
                        birth: record.facts,
                        state: state,
                        known: known,
                        rule: rule,
                        now: now
                    )
                    let floor = state.floor(bornFrom: record, reading: state.counters?.securityFloor)
                    reasons += conditions.reasonsAgainst(floor: floor)
                    details = conditions.details(floor: floor)
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
}
