public import AttestationResults
public import Messages

/// What changes about one instance, kept beside its birth record, which never changes.
///
/// Every change of it comes out of this module together with the ledger entries that explain it; a store keeps the canonical JSON
/// and replaces it only when `version` is still the one that was read.
public struct InstanceState: Hashable, Sendable, Codable {
    /// The instance.
    public let instance: InstanceID
    /// Where it stands in its life.
    public internal(set) var lifecycle: Lifecycle
    /// The lease, until an end of it is noticed; ask `Lease.holds(at:)` before relying on it.
    public internal(set) var lease: Lease?
    /// What its TPM's clock and firmware were at the last quote that was accepted, or that suspended it.
    public internal(set) var lastSeen: LastSeen?
    /// The installation that asks for it; `nil` before its first accepted evidence.
    public internal(set) var installation: Installation?
    /// Another installation that asked in its place; `nil` when none did, or an operator has accepted it.
    public internal(set) var reimage: Reimage?
    /// The counters that took the place of those of its birth; `nil` while its TPM was never cleared.
    public internal(set) var restored: RestoredCounters?
    /// The counters as the last accepted evidence gave them.
    public internal(set) var counters: CounterReadings?
    /// The release that it runs, as far as a quote has shown.
    public internal(set) var running: RunningRelease
    /// The release that it ran before that one; `nil` while it runs what it was born with.
    public internal(set) var previous: RunningRelease?
    /// What it was seen to run instead; `nil` while it runs what it should.
    public internal(set) var strayed: StrayedBoot?
    /// The grant that was given and whose boot was not confirmed yet.
    public internal(set) var pending: PendingGrant?
    /// The grants that travel to it as files, and whose boots were not confirmed yet, in the order in which they were given.
    public internal(set) var delayed: [DelayedGrant]?
    /// The names of the latest grants whose boots were seen, so that a receipt that comes again is known.
    public internal(set) var closed: [String]?
    /// How often a release was installed in vain; `nil` while none was.
    public internal(set) var failed: FailedInstalls?
    /// The security version below which nothing is granted; only rises.
    public internal(set) var securityFloor: UInt64
    /// The release below the floor that an operator allows, until it runs or the time is over; `nil` when none is.
    public internal(set) var downgrade: AllowedDowngrade?
    /// Why it stands where it does, for operators: the refusal or the act that led there; `nil` while there is nothing to say.
    public internal(set) var remark: String?
    /// The evidence that suspended it; `nil` once a boot is accepted again.
    public internal(set) var refused: RefusedBoot?
    /// The event log of the last accepted boot; `nil` while that of the birth is the latest known.
    public internal(set) var acceptedLog: ContentDigest?
    /// How far the list of what Linux measured was judged; `nil` while it was not.
    public internal(set) var ima: IMAProgress?
    /// The device's own last word, after an operator had retired it; `nil` while there is none.
    public internal(set) var farewell: Farewell?
    /// What was seen of its key after its retirement; `nil` while that is nothing.
    public internal(set) var reappeared: Reappearance?
    /// The instance that its TPM became after its retirement; `nil` while it became none.
    public internal(set) var followedBy: InstanceID?
    /// Where its key stands; present exactly in an instance that speaks without a TPM.
    public internal(set) var ratchet: Ratchet?
    /// By whose word, and until when, it speaks without the TPM that it was born with; `nil` while it does not.
    public internal(set) var lowered: LoweredTier?
    /// The last position of a ratchet that it had while its tier was lowered; `nil` while it had none.
    public internal(set) var ratchetEnd: Int64?
    /// The code that somebody at the device was told; `nil` while nobody was.
    public internal(set) var witness: AwaitedWitnessCode?
    /// The gateways through which it may speak; `nil` when that is none.
    public internal(set) var gateways: [InstanceID]?
    /// A copy of it that has spoken; `nil` when none did, or an operator has decided.
    public internal(set) var fork: Fork?
    /// What operators have put in the place of values that profiles state.
    public internal(set) var allowed: [AllowedMove]?
    /// SHA-256 of the instance's latest ledger entry.
    public internal(set) var lastEntry: ContentDigest?
    /// Rises by one with each change.
    public internal(set) var version: Int64

    // A real one has about 3 KB. Eleven boot profiles (two releases, nine open grants) of 60 KB each are the most that
    // releases can bring, should every byte of their texts be an escape.
    static let maximumSize = 1 << 20

    /// The state of an instance that was just born.
    init(bornFrom record: BirthRecord) {
        instance = record.instance
        lifecycle = .born
        running = RunningRelease(bornFrom: record)
        securityFloor = record.bornWith.securityVersion
        version = 1
    }

    /// The state of an instance without a TPM that was just born.
    init(bornFrom record: CompensatedBirthRecord) {
        instance = record.instance
        lifecycle = .born
        running = RunningRelease(bornFrom: record)
        ratchet = Ratchet(first: record.key)
        securityFloor = record.bornWith.securityVersion
        version = 1
    }

    /// Reads the JSON form that a store kept.
    public init(parsing bytes: [UInt8]) throws(MessageError) {
        self = try CanonicalJSON.decode(InstanceState.self, from: bytes, limit: Self.maximumSize)
    }

    /// The boots that this instance may show, for the appraisal, in the order in which they are to be tried.
    ///
    /// A confirming quote is held to the granted boot first: a reinstalled release looks like the one before. When the
    /// install fell back, it can show the boot of another open grant: no tampering, and told by its release.
    /// - Parameters:
    ///   - grant: the one that is confirmed; of several that lead to one boot, it is that.
    ///   - carried: why evidence that came as a file is no older than it may be: no other shows what ran before what was
    ///     seen since.
    public func expectations(
        for purpose: Purpose,
        grant: String? = nil,
        carried: CarriedFreshness? = nil
    ) -> [BootExpectation] {
        func expected(_ name: BootName, _ boot: BootProfile?, _ release: ContentDigest? = nil) -> [BootExpectation] {
            boot.map { [BootExpectation(name: name, profile: $0.applying(allowed ?? []), release: release)] } ?? []
        }
        let current = expected(.current, running.boot)
        if purpose == .confirm, let grant {
            let open = openGrant(grant).flatMap { $0.status != .passed || carried != nil ? $0 : nil }
            let others = grantsAhead.filter { $0.jti != grant }
            return expected(.granted, open?.boot) + current
                + others.flatMap { expected(.granted, $0.boot, $0.package.manifest) }
        }
        let ahead = grantsAhead.flatMap { expected(.granted, $0.boot) }
        return purpose == .confirm ? ahead + current : current + ahead
    }
}

/// Clock and firmware of an authentic quote.
public struct LastSeen: Hashable, Sendable, Codable {
    /// The TPM's clock.
    public var clock: ClockReading
    /// TPMS_ATTEST.firmwareVersion.
    public var firmwareVersion: UInt64

    init(_ observation: Observation) {
        clock = observation.clock
        firmwareVersion = observation.firmwareVersion
    }
}

/// The release that an instance runs.
public struct RunningRelease: Hashable, Sendable, Codable {
    /// The package's name.
    public internal(set) var name: Label
    /// The version, for people.
    public internal(set) var version: Label
    /// The security version.
    public internal(set) var securityVersion: UInt64
    /// SHA-256 of the release payload; `nil` for what it was born with.
    public internal(set) var manifest: ContentDigest?
    /// The `jti` of the grant that brought it; `nil` for what it was born with.
    public internal(set) var grant: String?
    /// What its boot looks like; `nil` for an instance that nobody can measure.
    public internal(set) var boot: BootProfile?

    /// What an instance without a TPM leaves the line with.
    init(bornFrom record: CompensatedBirthRecord) {
        name = record.bornWith.name
        version = record.bornWith.version
        securityVersion = record.bornWith.securityVersion
    }

    /// What an instance runs that was just born: its first measured boot, to the last PCR.
    init(bornFrom record: BirthRecord) {
        name = record.bornWith.name
        version = record.bornWith.version
        securityVersion = record.bornWith.securityVersion
        // What Linux measures while it runs belongs to no boot.
        let exact = record.imaPCR.map { record.firstBoot.pcrs.without($0) } ?? record.firstBoot.pcrs
        boot = BootProfile(exact: exact, facts: BootFactRequirements())
    }

    /// What an instance runs that has shown the boot of a grant.
    init(broughtBy grant: PendingGrant) {
        name = grant.package.name
        version = grant.package.version
        securityVersion = grant.securityVersion
        manifest = grant.package.manifest
        self.grant = grant.jti
        boot = grant.boot
    }
}

/// A grant whose boot was not confirmed yet.
public struct PendingGrant: Hashable, Sendable, Codable {
    /// Whether it can still be carried out.
    public enum Status: String, Hashable, Sendable, Codable, CaseIterable {
        /// The gate may open for it until it expires.
        case issued
        /// The lease above it ended; it may have been carried out before, so its boot is still expected.
        case ended
        /// The boot was seen of a later grant, or of one that spends the same value of the counter; only its receipt is
        /// still of interest.
        case passed
    }

    /// The grant's `jti`.
    public internal(set) var jti: String
    /// SHA-256 of its compact form.
    public internal(set) var grant: ContentDigest
    /// The package.
    public internal(set) var package: PackageReference
    /// The package's security version.
    public internal(set) var securityVersion: UInt64
    /// The boot that it leads to; `nil` for an instance that nobody can measure.
    public internal(set) var boot: BootProfile?
    /// The first second at which it is no longer good.
    public internal(set) var expires: Int64
    /// The lease above it.
    public internal(set) var lease: Label
    /// The TPM's reset count at the quote it was given for; `nil` for an instance without a TPM.
    public internal(set) var resetCount: UInt32?
    /// The value of the grants counter that it spends; `nil` for an instance without a TPM.
    public internal(set) var counter: UInt64?
    /// Whether it can still be carried out.
    public internal(set) var status: Status
    /// What was seen of the update since; `nil` while there was nothing.
    var reached: UpdateStage?

    /// How far the update came.
    public var stage: UpdateStage { reached ?? .granted }
}
