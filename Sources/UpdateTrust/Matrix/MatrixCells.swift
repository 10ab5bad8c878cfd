import Messages

extension PolicyMatrix.ReleaseClass {
    /// What a rule says to one tier.
    /// - Parameter rule: the one that decides; `nil` when none fits.
    func cell(of rule: PolicyRule?, _ tier: Tier, _ subject: MatrixSubject) -> PolicyMatrix.Cell {
        var cell = PolicyMatrix.Cell(
            tier: tier,
            release: self,
            rule: rule?.id,
            isAllowed: false,
            because: "no rule is for it",
            leaseSeconds: nil,
            grantSeconds: nil,
            wants: []
        )
        guard let rule else { return cell }
        guard tier != .compensated || rule.controls != nil else {
            cell.because = "the rule has no controls: it serves nobody without a TPM"
            return cell
        }
        cell.leaseSeconds = self == .rescue ? rule.rescueSeconds : self == .delayed ? nil : rule.lease.seconds
        cell.wants = rule.wants(of: tier, subject.package)
        let (isAllowed, because) = verdict(of: rule, tier, subject)
        (cell.isAllowed, cell.because) = (isAllowed, because)
        guard isAllowed else { return cell }
        switch self {
        case .upgrade, .reinstall, .downgrade: cell.grantSeconds = rule.grant.seconds
        case .rescue: cell.grantSeconds = min(rule.grant.seconds, rule.rescueSeconds)
        case .delayed:
            cell.grantSeconds = rule.delayed?.span.seconds
            // Evidence in a file renews nothing: the grant has a lease of its own.
            cell.leaseSeconds = rule.delayed?.span.seconds
        }
        return cell
    }

    private func verdict(of rule: PolicyRule, _ tier: Tier, _ subject: MatrixSubject) -> (Bool, String) {
        if self != .delayed, tier == .compensated, let package = subject.package, let controls = rule.controls,
            !controls.releases.contains(package)
        {
            return (false, "\(package) is not among the releases that may go to devices without a TPM")
        }
        switch self {
        case .upgrade: return moves(rule.moves.upgrade)
        case .reinstall: return moves(rule.moves.reinstall)
        case .downgrade:
            guard rule.moves.downgrade else { return moves(false) }
            return tier == .compensated
                ? (true, "down to the security floor, and never below it")
                : (true, "down to the security floor; below it by an operator's act")
        case .rescue:
            return tier == .compensated
                ? (true, "out of the release before, by the device's word; nobody recognises a rescue image on it")
                : (true, "back to the release on record, whatever the moves say")
        case .delayed:
            guard tier != .compensated else {
                return (false, "what bounds a grant off line is a TPM's clock and counter")
            }
            guard let delayed = rule.delayed else { return (false, "the rule says nothing of devices off line") }
            return (true, "by \(delayed.freshness.rawValue), over \(delayed.resets) resets; the moves hold there too")
        }
    }

    private func moves(_ isAllowed: Bool) -> (Bool, String) {
        (isAllowed, isAllowed ? "moves.\(rawValue)" : "the rule does not allow it: moves.\(rawValue) is false")
    }
}

extension PolicyRule {
    /// What it wants of a tier beyond good evidence.
    fileprivate func wants(of tier: Tier, _ package: Label?) -> [String] {
        var wants = tier == .compensated ? controls?.wants(package) ?? [] : boot.wants
        if let releaseApprovals { wants.append("release approval: \(releaseApprovals.says)") }
        if window != nil { wants.append("window") }
        if let witnesses { wants.append("ledger witnesses: \(witnesses)") }
        return wants
    }
}

extension PolicyRule.BootRule {
    fileprivate var wants: [String] {
        var wants = requireLog ? ["log"] : []
        if secureBoot == .required { wants.append("secure-boot") }
        if let firmwareVersions { wants.append("firmware: \(firmwareVersions.joined(separator: " or "))") }
        if let ima { wants.append("ima: \(ima)") }
        return wants
    }
}
