public import Messages
public import UpdateTrust

/// One granted update: what became of it, and when each stage was reached.
public struct StoredUpdate: Hashable, Sendable {
    /// Its place among all grants, rising.
    public var number: Int64
    /// The grant's `jti`.
    public var jti: String
    /// The device.
    public var instance: InstanceID
    /// The release: SHA-256 of its signed payload.
    public var manifest: ContentDigest
    /// How the device proved itself for it; `nil` for grants that were given before that was kept.
    public var tier: Tier?
    /// How far it came.
    public var stage: UpdateStage
    /// Every stage it was seen in, in the order of the times.
    public var steps: [Step]

    /// When a stage was reached, the last time.
    public struct Step: Hashable, Sendable {
        public var stage: UpdateStage
        /// Seconds since 1970.
        public var at: Int64

        /// Joins both.
        public init(stage: UpdateStage, at: Int64) {
            self.stage = stage
            self.at = at
        }
    }

    /// Joins the parts.
    public init(
        number: Int64,
        jti: String,
        instance: InstanceID,
        manifest: ContentDigest,
        tier: Tier?,
        stage: UpdateStage,
        steps: [Step]
    ) {
        self.number = number
        self.jti = jti
        self.instance = instance
        self.manifest = manifest
        self.tier = tier
        self.stage = stage
        self.steps = steps
    }
}

/// Whose updates are asked for.
public enum UpdateQuery: Hashable, Sendable {
    case instance(InstanceID)
    case release(ContentDigest)
}

extension WrittenEntry {
    /// What it says of the progress of an update, and to which release.
    public var updateStep: (jti: String, manifest: ContentDigest, step: StoredUpdate.Step)? {
        switch entry.body {
        case .grant(let grant): (grant.jti, grant.package.manifest, .init(stage: .granted, at: entry.at))
        case .update(let update): (update.jti, update.package.manifest, .init(stage: update.stage, at: entry.at))
        case .receipt(let receipt): (receipt.jti, receipt.package.manifest, .init(stage: .confirmed, at: entry.at))
        default: nil
        }
    }
}
