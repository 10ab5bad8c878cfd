import Messages

extension UpdateConditions {
    /// What is missing of the people whom the rule wants.
    var approval: [DecisionReason] {
        guard let wanted = rule.releaseApprovals, let approvers else { return [] }
        return approvers.count < wanted.count ? [.releaseNotApproved] : []
    }

    /// The entries of the approvals that counted, as a decision names them; `nil` when none did.
    var approvalEntries: [ContentDigest]? {
        guard let approvers, !approvers.isEmpty else { return nil }
        return approvers.map(\.entry)
    }

    /// The approvals that count, one for each person; `nil` when none are wanted.
    ///
    /// What the instance has confirmed already goes out to nobody by being put back.
    private var approvers: [RecordedApproval]? {
        guard let wanted = rule.releaseApprovals, state.running.manifest != known.manifest else { return nil }
        return authority.approvals.ofTheRelease.counting(wanted.roles, at: now)
    }

    /// The declarations without which the window or the rollout would stand against it; empty when nothing does, or nobody has lifted it.
    var lifting: [RecordedEmergency] {
        let ofWindow = isWindowClosed ? lifted(.window) : []
        let ofRollout = isRolloutHalted ? lifted(.haltedRollout) : []
        return ofWindow + ofRollout.filter { !ofWindow.contains($0) }
    }

    /// Their entries, as a decision names them; `nil` when there are none.
    var emergencyEntries: [ContentDigest]? {
        let entries = lifting.map(\.entry)
        return entries.isEmpty ? nil : entries
    }

    /// When the first of them is over.
    var liftedUntil: Int64? { lifting.map(\.emergency.until).min() }

    /// Why the rollout stands against it, lifted as far as it is.
    var staged: [DecisionReason] {
        guard let rollout = known.rollout, let reason = rollout.reason(against: birth, state) else { return [] }
        guard reason == .rolloutHalted, !lifted(.haltedRollout).isEmpty else { return [reason] }
        return rollout.reaches(birth) ? [] : [.rolloutNotYet]
    }

    /// Why the window stands against it, lifted as far as it is.
    var window: [DecisionReason] { isWindowClosed && lifted(.window).isEmpty ? [.outsideWindow] : [] }

    private var isWindowClosed: Bool { rule.window.map { $0.closing(at: now) == nil } ?? false }

    private var isRolloutHalted: Bool { known.rollout?.stop(for: state) == .rolloutHalted }

    private func lifted(_ what: EmergencyOverride) -> [RecordedEmergency] {
        authority.emergencies.lifting(what, of: known.manifest, at: now)
    }

    /// What people have lifted, or how far they are from it, for people.
    var emergencyDetails: [String] {
        guard isWindowClosed || isRolloutHalted else { return [] }
        let people = lifting.map(\.emergency.by.text).joined(separator: " and ")
        if let liftedUntil {
            return ["an emergency by \(people) lifts that until \(TimeZoneRules.utc.text(liftedUntil))"]
        }
        return authority.emergencies.map(\.emergency).filter { $0.release == known.manifest && now < $0.until }
            .map { declared in
                let overrides = declared.overrides.map(\.rawValue).joined(separator: " and ")
                return "\(declared.by) has declared an emergency for \(overrides): it takes \(Emergency.people) people"
            }
    }

    /// Who has approved, and how many have to, for people.
    var approvalDetails: [String] {
        guard let wanted = rule.releaseApprovals, let approvers else { return [] }
        let people = approvers.map { "\($0.approval.by)" }
        let there = people.isEmpty ? "" : " (\(people.joined(separator: ", ")))"
        return ["the release is approved by \(people.count)\(there) of \(wanted.says)"]
    }
}
