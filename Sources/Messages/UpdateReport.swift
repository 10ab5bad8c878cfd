/// One granted update: `GET /v1/instances/{id or serial}/updates` and `GET /v1/releases/{manifest}/updates` list them.
public struct UpdateReport: Hashable, Sendable, Codable {
    /// The grant's id.
    public var jti: String
    /// The device.
    public var instance: InstanceID
    /// The release: SHA-256 of its signed payload.
    public var manifest: ContentDigest
    /// How the device proved itself for it; absent for grants that were given before that was kept.
    public var tier: Tier?
    /// How far it came: `granted`, `installed`, `booted`, `confirmed`; or `unconfirmed`, `lapsed`, `superseded`, `rolled-back`, `rescued`,
    /// `failed`, `withdrawn`.
    public var stage: String
    /// Every stage it was seen in, in the order of the times.
    public var steps: [Step]

    /// When a stage was reached.
    public struct Step: Hashable, Sendable, Codable {
        /// The stage.
        public var stage: String
        /// Seconds since 1970.
        public var at: Int64

        /// Joins both.
        public init(stage: String, at: Int64) {
            self.stage = stage
            self.at = at
        }
    }

    /// Joins the parts.
    public init(
        jti: String,
        instance: InstanceID,
        manifest: ContentDigest,
        tier: Tier?,
        stage: String,
        steps: [Step]
    ) {
        self.jti = jti
        self.instance = instance
        self.manifest = manifest
        self.tier = tier
        self.stage = stage
        self.steps = steps
    }
}

/// Some updates, the latest first.
public struct UpdateList: Hashable, Sendable, Codable {
    /// At most `maximumCount`.
    public var updates: [UpdateReport]
    /// How many updates are in each stage, of a release's all; absent for a device's.
    public var totals: [String: Int]?
    /// How many of those went to devices of each tier; absent for a device's.
    public var tiers: [String: Int]?
    /// Present when there are more: what to give as `before`.
    public var next: Int64?

    /// The most updates in one answer.
    public static let maximumCount = 200
    /// The most bytes accepted.
    public static let maximumSize = 1 << 20

    /// Some updates, of which nothing is counted.
    public init(updates: [UpdateReport], next: Int64?) {
        self.updates = updates
        self.next = next
    }
}
