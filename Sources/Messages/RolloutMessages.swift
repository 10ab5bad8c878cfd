/// Which part of a fleet is granted a release.
public struct RolloutPlan: Hashable, Sendable, Codable {
    /// How much of the fleet, in percent: 0 to 100.
    public var percent: Int
    /// Environments that have it whole, whatever the percentage; absent: none.
    public var cohorts: [Label]?
    /// It halts by itself when more than this of the concluded updates failed, in percent: 0 to 99; absent: it never does.
    public var haltAbove: Int?
    /// How many updates must have been concluded, confirmed or failed, before it halts by itself: at least 1.
    public var haltAfter: Int

    /// The most cohorts.
    static let maximumCohorts = 64
    /// Enough that one failure of one device says little.
    public static let defaultHaltAfter = 20

    /// Joins the parts; `nil` when a number is out of bounds or a cohort is named twice.
    public init?(
        percent: Int,
        cohorts: [Label]? = nil,
        haltAbove: Int? = nil,
        haltAfter: Int = RolloutPlan.defaultHaltAfter
    ) {
        self.percent = percent
        self.cohorts = cohorts
        self.haltAbove = haltAbove
        self.haltAfter = haltAfter
        guard isSound else { return nil }
    }

    var isSound: Bool {
        let named = cohorts ?? []
        return (0...100).contains(percent) && (cohorts == nil || (1...Self.maximumCohorts).contains(named.count))
            && Set(named).count == named.count && (haltAbove.map { (0...99).contains($0) } ?? true)
            && (1...1_000_000).contains(haltAfter)
    }
}

/// What was, or is to be, done to a rollout.
public enum RolloutVerb: String, Hashable, Sendable, Codable, CaseIterable {
    /// Begins it, or changes its plan.
    case set
    /// Grants nothing more until it is resumed.
    case pause
    /// Goes on after a pause or a halt.
    case resume
    /// The verifier's own: too many updates failed.
    case halt
}

/// `POST /v1/releases/{manifest}/rollout`.
public struct RolloutOrder: Hashable, Sendable, Codable {
    /// What is to be done: anything but `halt`.
    public var verb: RolloutVerb
    /// The plan; present with `set`, and with `resume` when it goes on by another one.
    public var plan: RolloutPlan?
    /// Why, for the ledger.
    public var reason: Remark

    /// The most bytes of the message.
    public static let maximumSize = 16 << 10

    /// Joins the parts; `nil` when they do not belong together or the reason is no `Remark`.
    public init?(_ verb: RolloutVerb, plan: RolloutPlan? = nil, reason: String) {
        guard let reason = Remark(reason) else { return nil }
        self.verb = verb
        self.plan = plan
        self.reason = reason
        guard isSound else { return nil }
    }

    private var isSound: Bool {
        plan?.isSound != false
            && (verb == .resume || (verb == .set && plan != nil) || (verb == .pause && plan == nil))
    }

    /// Reads the message.
    public init(parsing bytes: some Sequence<UInt8>) throws(MessageError) {
        self = try CanonicalJSON.decode(RolloutOrder.self, from: bytes, limit: Self.maximumSize)
        guard isSound else {
            throw MessageError(
                .outOfRange,
                "a rollout is set with percentages from 0 to 100 and cohorts each once, paused or resumed"
            )
        }
    }
}

/// How a release's rollout stands: `GET /v1/releases/{manifest}/rollout`.
public struct RolloutReport: Hashable, Sendable, Codable {
    /// The release.
    public var manifest: ContentDigest
    /// `rolling`, `paused` or `halted`.
    public var status: String
    /// The plan.
    public var plan: RolloutPlan
    /// Updates that are confirmed, of those that were granted since counting began: with the rollout, or when a halted one was resumed.
    public var confirmed: Int64
    /// Updates of those that failed, as far as is known now.
    public var failed: Int64
    /// How many grants of the release went to devices of each tier, since it was registered.
    public var tiers: [String: Int]
    /// Seconds since 1970 of the last act on it.
    public var changedAt: Int64
    /// Whose act that was.
    public var changedBy: String
    /// Why.
    public var reason: String

    /// The most bytes accepted.
    public static let maximumSize = 16 << 10

    /// Joins the parts.
    public init(
        manifest: ContentDigest,
        status: String,
        plan: RolloutPlan,
        confirmed: Int64,
        failed: Int64,
        tiers: [String: Int],
        changedAt: Int64,
        changedBy: String,
        reason: String
    ) {
        self.manifest = manifest
        self.status = status
        self.plan = plan
        self.confirmed = confirmed
        self.failed = failed
        self.tiers = tiers
        self.changedAt = changedAt
        self.changedBy = changedBy
        self.reason = reason
    }
}
