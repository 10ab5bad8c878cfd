import AttestationResults
import Messages

/// A move between releases.
enum Move {
    case upgrade
    case reinstall
    case downgrade
}

/// The conditions of a grant, besides good evidence: one visible list, and every one that does not hold is named.
struct UpdateConditions {
    let input: DecisionInput
    let attested: AttestedState
    let rule: PolicyRule
    let package: PackageReference
    let counters: CounterReadings

    func reasonsAgainst() -> [DecisionReason] {
        guard let known = input.release, known.manifest == package.manifest else {
            return earlierGrant + [.releaseUnknown]
        }
        return earlierGrant + status(of: known) + fit(of: known.release) + versions(of: known) + window
    }

    /// How the release relates to what runs; by content and security version, never by comparing version strings.
    var move: Move? {
        guard let known = input.release else { return nil }
        let running = input.state.running
        let release = known.release
        if release.securityVersion < running.securityVersion { return .downgrade }
        if let manifest = running.manifest { return manifest == known.manifest ? .reinstall : .upgrade }
        let isBirthRelease =
            release.name == running.name && release.version == running.version
            && release.securityVersion == running.securityVersion
        return isBirthRelease ? .reinstall : .upgrade
    }

    /// An earlier grant whose install may still boot must not be forgotten: its boot would be taken for tampering.
    private var earlierGrant: [DecisionReason] {
        guard let pending = input.state.pending else { return [] }
        if attested.boot == .granted { return [.grantUnconfirmed] }
        let wasSpent = counters.grants > pending.counter
        let fellBack = attested.observation.clock.resetCount != pending.resetCount
        let isSameRelease = pending.package.manifest == package.manifest
        return wasSpent && !fellBack && !isSameRelease ? [.grantUnconfirmed] : []
    }

    private func status(of known: KnownRelease) -> [DecisionReason] {
        var reasons: [DecisionReason] = []
        if known.status == .withdrawn { reasons.append(.releaseWithdrawn) }
        if let notBefore = known.release.notBefore, input.now < notBefore { reasons.append(.releaseNotYet) }
        if let expires = known.release.expires, input.now >= expires { reasons.append(.releaseExpired) }
        return reasons
    }

    private func fit(of release: Release) -> [DecisionReason] {
        var reasons: [DecisionReason] = []
        if package.name != release.name || package.version != release.version
            || package.sha256 != release.artifact.sha256
        {
            reasons.append(.packageMismatch)
        }
        if !release.models.contains(input.record.model) { reasons.append(.modelDoesNotFit) }
        if !release.hardwareRevisions.contains(input.record.hardwareRevision) { reasons.append(.hardwareDoesNotFit) }
        let quoted = input.record.selection
        let expected = release.boot.exact
        if expected.bank != quoted.bank || !Set(expected.values.keys).isSubset(of: quoted.pcrs) {
            reasons.append(.bootNotQuotable)
        }
        return reasons
    }

    private func versions(of known: KnownRelease) -> [DecisionReason] {
        var reasons: [DecisionReason] = []
        let isAllowed =
            switch move {
            case .upgrade: rule.moves.upgrade
            case .reinstall: rule.moves.reinstall
            case .downgrade: rule.moves.downgrade
            case nil: false
            }
        if !isAllowed { reasons.append(.moveNotAllowed) }
        let release = known.release
        if release.securityVersion < floor { reasons.append(.belowSecurityFloor) }
        if input.state.running.securityVersion < release.minimumSecurityVersion {
            reasons.append(.minimumSecurityVersion)
        }
        return reasons
    }

    /// The higher of the record's floor and the TPM's: the device's gate holds to its own.
    private var floor: UInt64 {
        let raised = counters.securityFloor.subtractingReportingOverflow(input.record.counters.securityFloor.base)
        return max(input.state.securityFloor, raised.overflow ? UInt64.max : raised.partialValue)
    }

    private var window: [DecisionReason] {
        guard let window = rule.window else { return [] }
        return window.closing(at: input.now) == nil ? [.outsideWindow] : []
    }
}
