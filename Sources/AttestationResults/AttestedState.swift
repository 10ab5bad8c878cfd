public import Messages

/// What an appraisal established about one instance.
///
/// Only `Appraisal` can make one: its initializer needs `@_spi(Appraiser)`, and the law check lets no other target import that.
/// So a permission that takes an `AttestedState` cannot be given without a quote that was judged.
public struct AttestedState: Hashable, Sendable {
    /// The instance, from the verifier's own record.
    public let instance: InstanceID
    /// The Name of the IAK that signed.
    public let iakName: HexBytes
    /// SHA-256 of the exact TPMS_ATTEST bytes.
    public let attest: ContentDigest
    /// SHA-256 of the exact bytes of the decision request that the quote answers.
    public let request: ContentDigest
    /// Clock, counters, firmware version and PCR values of the quote.
    public let observation: Observation
    /// The PCR values, all of the required selection.
    public let pcrs: PCRValues
    /// Which of the expected boots was seen: the first that fits, in the order in which they were given.
    public let boot: BootName
    /// The release whose boot it is, where the expectation named one: SHA-256 of its payload.
    public let release: ContentDigest?
    /// The event log that was replayed to the quoted values, when one was given.
    public let log: ContentDigest?
    /// Facts that the replayed log carries.
    public let facts: AttestedFacts?
    /// How far the IMA list was followed, when it was asked for.
    public let ima: IMAProgress?
    /// How the clock moved.
    public let movement: ClockMovement

    /// States what was established; for `Appraisal` only.
    @_spi(Appraiser)
    public init(
        instance: InstanceID,
        iakName: HexBytes,
        attest: ContentDigest,
        request: ContentDigest,
        observation: Observation,
        pcrs: PCRValues,
        boot: BootName,
        release: ContentDigest? = nil,
        log: ContentDigest?,
        facts: AttestedFacts?,
        ima: IMAProgress? = nil,
        movement: ClockMovement
    ) {
        self.instance = instance
        self.iakName = iakName
        self.attest = attest
        self.request = request
        self.observation = observation
        self.pcrs = pcrs
        self.boot = boot
        self.release = release
        self.log = log
        self.facts = facts
        self.ima = ima
        self.movement = movement
    }
}

/// Which of the boots that this instance may show was seen.
public enum BootName: String, Hashable, Sendable, Codable, CaseIterable {
    /// The release that the record says is running, or the boot measured at birth.
    case current
    /// The release that was granted and not yet confirmed.
    case granted
    /// The release that it ran before the current one.
    case previous
    /// A rescue image for this kind of device.
    case rescue
    /// A release for this kind of device that was never granted to this instance.
    case drifted

    /// Whether it is what the instance should run, or was told to run next.
    public var isOwn: Bool { self == .current || self == .granted }
}

/// A boot that this instance may show, given to the appraisal.
public struct BootExpectation: Hashable, Sendable {
    /// Its name.
    public var name: BootName
    /// Its measurements.
    public var profile: BootProfile
    /// The release whose boot it is, where several boots have one name: SHA-256 of its payload.
    public var release: ContentDigest?

    /// Joins the parts.
    public init(name: BootName, profile: BootProfile, release: ContentDigest? = nil) {
        self.name = name
        self.profile = profile
        self.release = release
    }
}

/// Facts of the boot, each authenticated by the quoted PCRs.
public struct AttestedFacts: Hashable, Sendable, Codable {
    /// `true` and `false` as measured; `nil` when the log does not say.
    public var secureBoot: Bool?
    /// The version that S-CRTM measured.
    public var firmwareVersion: String?
    /// The kernel command line, when the boot that was recognised is one that requires it.
    public var kernelCommandLine: String?

    /// Joins facts.
    public init(secureBoot: Bool?, firmwareVersion: String?, kernelCommandLine: String?) {
        self.secureBoot = secureBoot
        self.firmwareVersion = firmwareVersion
        self.kernelCommandLine = kernelCommandLine
    }
}
