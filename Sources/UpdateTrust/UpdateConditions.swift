import Messages

/// A move between releases.
enum Move {
    case upgrade
    case reinstall
    case downgrade
    /// Back to the release on record, of an instance that runs another.
    case repair
}

/// The conditions of a grant, besides good evidence: one visible list, and every one that does not hold is named.
struct UpdateConditions {
    let birth: BirthFacts
    let state: InstanceState
    let known: KnownRelease
    let rule: PolicyRule
    let authority: ReleaseAuthority
    let now: Int64

    /// What stands against a grant whatever the evidence and the request say.
    func reasonsAgainst(floor: UInt64) -> [DecisionReason] {
        status + approval + fit + versions(floor: floor) + required + attempts + staged + window
    }

    /// What there is to know beside the reasons, for people.
    func details(floor: UInt64) -> [String] {
        var details: [String] = []
        if let requires = known.release.requires, !required.isEmpty {
            let names = requires.map(\.description).joined(separator: " or ")
            details.append("\(DecisionReason.requiredReleaseMissing.rawValue): \(names) has to run first")
        }
        if let allowed = downgrade(below: floor) {
            details.append(
                "\(allowed.by) allows it below the security floor \(floor), until \(TimeZoneRules.utc.text(allowed.until))"
            )
        }
        details += approvalDetails
        if let rollout = known.rollout { details.append(rollout.says(of: birth)) }
        details += exemptions
        if let window = rule.window { details.append(window.says(at: now)) }
        details += emergencyDetails
        return details
    }

    /// What stands against others and not against this instance, for people.
    var exemptions: [String] { [known.rollout?.exemption(of: birth, state)].compactMap { $0 } }

    /// The operator's act that lets the release below the floor, when it is below.
    func downgrade(below floor: UInt64) -> AllowedDowngrade? {
        guard known.release.securityVersion < floor, let allowed = state.downgrade,
            allowed.release == known.manifest, now < allowed.until
        else { return nil }
        return allowed
    }

    /// How the release relates to what runs; by content and security version, never by comparing version strings.
    var move: Move {
        let running = state.running
        let release = known.release
        if state.strayed != nil, known.manifest == running.manifest { return .repair }
        if release.securityVersion < running.securityVersion { return .downgrade }
        if let manifest = running.manifest { return manifest == known.manifest ? .reinstall : .upgrade }
        let isBirthRelease =
            release.name == running.name && release.version == running.version
            && release.securityVersion == running.securityVersion
        return isBirthRelease ? .reinstall : .upgrade
    }

    private var status: [DecisionReason] {
        var reasons: [DecisionReason] = []
        if known.standing != .registered { reasons.append(.releaseWithdrawn) }
        if let notBefore = known.release.notBefore, now < notBefore { reasons.append(.releaseNotYet) }
        if let expires = known.release.expires, now >= expires { reasons.append(.releaseExpired) }
        return reasons
    }

    private var fit: [DecisionReason] {
        known.release.misfits(birth) + (known.release.role == .rescue ? [.rescueNotGranted] : [])
    }

    private func versions(floor: UInt64) -> [DecisionReason] {
        var reasons: [DecisionReason] = []
        let isAllowed =
            switch move {
            case .upgrade: rule.moves.upgrade
            case .reinstall: rule.moves.reinstall
            case .downgrade: rule.moves.downgrade
            case .repair: true
            }
        let allowed = downgrade(below: floor)
        // An operator's act comes on top of what the policy allows, not in its place.
        if !isAllowed || (allowed != nil && !rule.moves.downgrade) { reasons.append(.moveNotAllowed) }
        if allowed == nil, known.release.securityVersion < floor { reasons.append(.belowSecurityFloor) }
        if (state.strayed?.securityVersion ?? state.running.securityVersion) < known.release.minimumSecurityVersion {
            reasons.append(.minimumSecurityVersion)
        }
        return reasons
    }

    /// What the release on record had to have before it, it had.
    private var required: [DecisionReason] {
        guard let requires = known.release.requires, move != .reinstall, move != .repair else { return [] }
        let name = state.strayed?.name ?? state.running.name
        let version = state.strayed?.version ?? state.running.version
        let manifest = state.strayed == nil ? state.running.manifest : state.strayed?.manifest
        let isRunning = requires.contains { required in
            switch required {
            case .manifest(let digest): digest == manifest
            case .version(let text): text == version && name == known.release.name
            }
        }
        return isRunning ? [] : [.requiredReleaseMissing]
    }

    private var attempts: [DecisionReason] {
        guard let failed = state.failed, failed.release == known.manifest else { return [] }
        return failed.count >= rule.attempts ?? FailedInstalls.defaultMaximum ? [.tooManyAttempts] : []
    }
}

extension Release {
    /// Why it is not what a request names.
    func reasonsAgainst(_ package: PackageReference) -> [DecisionReason] {
        let isSame = package.name == name && package.version == version && package.sha256 == artifact.sha256
        return isSame ? [] : [.packageMismatch]
    }

    /// Why it is not for this device: made for another kind, or with a boot that the device's quotes do not tell.
    func misfits(_ birth: BirthFacts) -> [DecisionReason] {
        var reasons: [DecisionReason] = []
        if !models.contains(birth.model) { reasons.append(.modelDoesNotFit) }
        if !hardwareRevisions.contains(birth.hardwareRevision) { reasons.append(.hardwareDoesNotFit) }
        if let selection = birth.selection, boot?.isQuotable(by: selection) != true { reasons.append(.bootNotQuotable) }
        return reasons
    }
}

extension BootProfile {
    fileprivate func isQuotable(by selection: PCRSet) -> Bool {
        exact.bank == selection.bank && Set(exact.values.keys).isSubset(of: selection.pcrs)
    }
}
