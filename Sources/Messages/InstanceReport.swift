/// What the verifier has on record of one instance: `GET /v1/instances/{id or serial}` and the operators' acts on it.
public struct InstanceReport: Hashable, Sendable, Codable {
    /// The instance.
    public var instance: InstanceID
    /// From its birth record.
    public var serial: Label
    public var model: Label
    public var hardwareRevision: Label
    public var environment: Label
    /// From its birth record too, unless `lowered` is present.
    public var tier: Tier
    /// Seconds since 1970.
    public var bornAt: Int64
    /// Where it stands in its life: `born`, `trusted`, `rescue`, `drifted`, `reimaged`, `suspended`, `retired`.
    public var lifecycle: String
    /// What it should run: the release that it confirmed last, or was born with.
    public var running: RunningPackage
    /// What its last quote showed instead; absent when it runs what it should.
    public var strayed: StrayedReport?
    /// The security floor.
    public var securityFloor: UInt64
    /// The release below the floor that an operator allows; absent when none is.
    public var downgrade: DowngradeReport?
    /// The lease; absent when it has none.
    public var lease: LeaseReport?
    /// The grant that is out and not yet confirmed.
    public var pending: PendingReport?
    /// Grants that travel to it as files and whose receipts have not come; absent when there are none.
    public var delayed: [PendingReport]?
    /// Seconds since 1970 of the last accepted evidence.
    public var lastSeen: Int64?
    /// Entries of its IMA list that were judged and allowed since its boot; absent when none were.
    public var imaEntries: Int?
    /// Seconds since 1970 of the device's own word that it destroys what made it this instance; absent when it said none.
    public var farewell: Int64?
    /// What was seen of its key after it was retired; absent when that was nothing.
    public var reappeared: ReappearanceReport?
    /// The retired instance that its TPM was before; absent in the TPM's first life.
    public var follows: InstanceID?
    /// The instance that its TPM became after it was retired; absent when it became none.
    public var followedBy: InstanceID?
    /// The former owner, whose keys it has; absent when there was none.
    public var takesOver: Takeover?
    /// How many keys of an instance without a TPM were committed before its current one; absent in one with a TPM.
    public var position: Int64?
    /// By whose word it speaks without the TPM that it was born with; absent while it does not.
    public var lowered: LoweredMark?
    /// The gateways through which an instance without a TPM may speak; absent when there are none.
    public var gateways: [InstanceID]?
    /// The copy of it that has spoken; absent when none did, or an operator has decided.
    public var fork: ForkReport?
    /// Why it is where it is, for people: the last refusal or operator's act.
    public var remark: String?

    /// The most bytes accepted.
    public static let maximumSize = 16 << 10

    /// Joins the parts.
    public init(
        instance: InstanceID,
        serial: Label,
        model: Label,
        hardwareRevision: Label,
        environment: Label,
        tier: Tier,
        bornAt: Int64,
        lifecycle: String,
        running: RunningPackage,
        strayed: StrayedReport? = nil,
        securityFloor: UInt64,
        downgrade: DowngradeReport? = nil,
        lease: LeaseReport? = nil,
        pending: PendingReport? = nil,
        delayed: [PendingReport]? = nil,
        lastSeen: Int64? = nil,
        imaEntries: Int? = nil,
        farewell: Int64? = nil,
        reappeared: ReappearanceReport? = nil,
        follows: InstanceID? = nil,
        followedBy: InstanceID? = nil,
        takesOver: Takeover? = nil,
        position: Int64? = nil,
        lowered: LoweredMark? = nil,
        gateways: [InstanceID]? = nil,
        fork: ForkReport? = nil,
        remark: String? = nil
    ) {
        self.instance = instance
        self.serial = serial
        self.model = model
        self.hardwareRevision = hardwareRevision
        self.environment = environment
        self.tier = tier
        self.bornAt = bornAt
        self.lifecycle = lifecycle
        self.running = running
        self.strayed = strayed
        self.securityFloor = securityFloor
        self.downgrade = downgrade
        self.lease = lease
        self.pending = pending
        self.delayed = delayed
        self.lastSeen = lastSeen
        self.imaEntries = imaEntries
        self.farewell = farewell
        self.reappeared = reappeared
        self.follows = follows
        self.followedBy = followedBy
        self.takesOver = takesOver
        self.position = position
        self.lowered = lowered
        self.gateways = gateways
        self.fork = fork
        self.remark = remark
    }
}

/// Two copies of an instance without a TPM have spoken.
public struct ForkReport: Hashable, Sendable, Codable {
    /// SHA-256 of the key that was left behind, and signed.
    public var key: ContentDigest
    /// Its position.
    public var position: Int64
    /// How far the other copy was.
    public var committed: Int64

    /// Joins the parts.
    public init(key: ContentDigest, position: Int64, committed: Int64) {
        self.key = key
        self.position = position
        self.committed = committed
    }
}

/// What was seen of the key of a retired instance.
public struct ReappearanceReport: Hashable, Sendable, Codable {
    /// When it was noticed first, in seconds since 1970.
    public var first: Int64
    /// When it was noticed last.
    public var last: Int64
    /// How often it was noticed: at most once a day.
    public var times: Int

    /// Joins the parts.
    public init(first: Int64, last: Int64, times: Int) {
        self.first = first
        self.last = last
        self.times = times
    }
}

/// A package that runs.
public struct RunningPackage: Hashable, Sendable, Codable {
    /// The package's name.
    public var name: Label
    /// Its version, for people.
    public var version: Label
    /// Its security version.
    public var securityVersion: UInt64
    /// SHA-256 of its release payload; absent for what the instance was born with.
    public var manifest: ContentDigest?

    /// Joins the parts.
    public init(name: Label, version: Label, securityVersion: UInt64, manifest: ContentDigest? = nil) {
        self.name = name
        self.version = version
        self.securityVersion = securityVersion
        self.manifest = manifest
    }
}

/// What an instance runs instead of what it should, for operators.
public struct StrayedReport: Hashable, Sendable, Codable {
    /// `previous`, `rescue` or `drifted`.
    public var boot: String
    /// The release.
    public var package: RunningPackage
    /// Seconds since 1970 when it was seen first.
    public var since: Int64

    /// Joins the parts.
    public init(boot: String, package: RunningPackage, since: Int64) {
        self.boot = boot
        self.package = package
        self.since = since
    }
}

/// A lease, for operators.
public struct LeaseReport: Hashable, Sendable, Codable {
    /// Its id.
    public var id: String
    /// Seconds since 1970.
    public var issuedAt: Int64
    /// Seconds since 1970 at which it ends by itself.
    public var expires: Int64
    /// The gateway with whose lease it ends; absent when it rests on nobody's word.
    public var under: InstanceID?

    /// Joins the parts.
    public init(id: String, issuedAt: Int64, expires: Int64, under: InstanceID? = nil) {
        self.id = id
        self.issuedAt = issuedAt
        self.expires = expires
        self.under = under
    }
}

/// A grant that is out, for operators.
public struct PendingReport: Hashable, Sendable, Codable {
    /// The grant's id.
    public var jti: String
    /// The package granted.
    public var package: PackageReference
    /// Seconds since 1970 after which it is dead.
    public var expires: Int64
    /// How far the update came: `granted`, `installed`, `booted`, `unconfirmed` and what may come after (see `UpdateReport`).
    public var stage: String

    /// Joins the parts.
    public init(jti: String, package: PackageReference, expires: Int64, stage: String) {
        self.jti = jti
        self.package = package
        self.expires = expires
        self.stage = stage
    }
}

/// The answer to `GET /v1/instances`, which takes `?after=<instance>` to go on.
public struct InstanceList: Hashable, Sendable, Codable {
    /// Ascending by instance.
    public var instances: [InstanceReport]
    /// Present when there are more: what to give as `after`.
    public var next: InstanceID?

    /// The most instances of one answer.
    public static let maximumCount = 500
    /// The most bytes accepted.
    public static let maximumSize = 8 << 20

    /// Joins the reports.
    public init(instances: [InstanceReport], next: InstanceID? = nil) {
        self.instances = instances
        self.next = next
    }
}
