public import AttestationResults
public import Messages

/// What an instance runs instead of the release that the record has.
public struct StrayedBoot: Hashable, Sendable, Codable {
    /// Which kind of other boot it is.
    public internal(set) var boot: BootName
    /// The package's name.
    public internal(set) var name: Label
    /// Its version, for people.
    public internal(set) var version: Label
    /// Its security version.
    public internal(set) var securityVersion: UInt64
    /// SHA-256 of the release payload; `nil` for what the instance was born with.
    public internal(set) var manifest: ContentDigest?
    /// When it was seen first, in seconds since 1970.
    public internal(set) var since: Int64

    /// Whether it is the same release in the same part.
    func isSame(as other: StrayedBoot) -> Bool {
        boot == other.boot && manifest == other.manifest && name == other.name && version == other.version
    }

    /// For operators.
    var remark: String {
        switch boot {
        case .drifted: "it runs \(name) \(version), which was never granted to it"
        case .rescue: "it runs the rescue image \(name) \(version)"
        case .previous, .current, .granted: "it fell back to \(name) \(version)"
        }
    }
}

extension InstanceState {
    /// The boots that are known, and that this instance should not show: tried when none fits that it should.
    ///
    /// The one before the current first, then rescue images, then whatever else is made for this kind of device.
    /// - Parameter known: the registered releases, withdrawn ones among them: they are still told from tampering.
    public func strayExpectations(_ record: BirthRecord, among known: [KnownRelease]) -> [BootExpectation] {
        let own =
            [running.manifest, previous?.manifest].compactMap { $0 } + grantsAhead.map(\.package.manifest)
        func expected(_ name: BootName, _ boot: BootProfile?, _ release: ContentDigest?) -> BootExpectation? {
            boot.map { BootExpectation(name: name, profile: $0.applying(allowed ?? []), release: release) }
        }
        let others = known.filter { $0.release.misfits(record.facts).isEmpty && !own.contains($0.manifest) }
            .compactMap { expected($0.release.role == .rescue ? .rescue : .drifted, $0.release.boot, $0.manifest) }
        let before = previous.flatMap { expected(.previous, $0.boot, $0.manifest) }
        return [before].compactMap { $0 } + others.filter { $0.name == .rescue } + others.filter { $0.name == .drifted }
    }
}

extension DecisionInput {
    /// What the instance runs instead of what it should; `nil` when it does as it should.
    func strayed(_ attested: AttestedState) -> StrayedBoot? {
        var strayed: StrayedBoot?
        switch attested.boot {
        case .current, .granted: return nil
        case .previous:
            strayed = state.previous.map {
                StrayedBoot(
                    boot: .previous,
                    name: $0.name,
                    version: $0.version,
                    securityVersion: $0.securityVersion,
                    manifest: $0.manifest,
                    since: now
                )
            }
        case .rescue, .drifted:
            strayed = known.first { $0.manifest == attested.release }.map {
                StrayedBoot(
                    boot: attested.boot,
                    name: $0.release.name,
                    version: $0.release.version,
                    securityVersion: $0.release.securityVersion,
                    manifest: $0.manifest,
                    since: now
                )
            }
        }
        if let before = state.strayed, strayed?.isSame(as: before) == true { strayed?.since = before.since }
        return strayed
    }
}

extension BootName {
    /// What seeing it means for the instance's life.
    var event: Lifecycle.Event {
        switch self {
        case .current, .granted: .evidenceAccepted
        case .previous, .rescue: .fellBack
        case .drifted: .drifted
        }
    }

    /// Why a lease begins or goes on that is given for it.
    var leaseCause: LeaseCause {
        switch self {
        case .current, .granted: .attested
        case .previous, .rescue: .fellBack
        case .drifted: .drifted
        }
    }
}
