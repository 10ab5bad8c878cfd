/// What two people can lift in an emergency, for one release.
public enum EmergencyOverride: String, Hashable, Sendable, Codable, CaseIterable {
    /// The maintenance window of whatever rule decides, its blackouts among it.
    case window
    /// The halt of its rollout after too many failures; whom the plan has reached stays as it is.
    case haltedRollout = "halted-rollout"
}

/// `POST /v1/emergencies`: a named person declares an emergency for one release; with a second one it lifts something.
public struct EmergencyOrder: Hashable, Sendable, Codable {
    /// The release: SHA-256 of its signed payload.
    public var release: ContentDigest
    /// What it lifts, each once.
    public var overrides: [EmergencyOverride]
    /// For how many hours: 1 to 24.
    public var hours: Int
    /// Why, for the ledger.
    public var reason: Remark

    /// The most bytes of the message.
    public static let maximumSize = 4096
    /// A day: as long as people stay awake for it.
    public static let maximumHours = 24

    /// Joins the parts; `nil` when nothing is lifted or one twice, when the hours are out of bounds, or when the reason is no `Remark`.
    public init?(release: ContentDigest, overrides: [EmergencyOverride], hours: Int, reason: String) {
        guard let reason = Remark(reason) else { return nil }
        self.release = release
        self.overrides = overrides
        self.hours = hours
        self.reason = reason
        guard isSound else { return nil }
    }

    private var isSound: Bool {
        !overrides.isEmpty && Set(overrides).count == overrides.count && (1...Self.maximumHours).contains(hours)
    }

    /// Reads the message.
    public init(parsing bytes: some Sequence<UInt8>) throws(MessageError) {
        self = try CanonicalJSON.decode(EmergencyOrder.self, from: bytes, limit: Self.maximumSize)
        guard isSound else {
            throw MessageError(
                .outOfRange,
                "an emergency lifts something, each once, for 1 to \(Self.maximumHours) hours"
            )
        }
    }
}

/// One person's declaration, as far as it is not over.
public struct EmergencyReport: Hashable, Sendable, Codable {
    /// SHA-256 of its ledger entry.
    public var entry: ContentDigest
    /// The release.
    public var release: ContentDigest
    /// What it is to lift.
    public var overrides: [EmergencyOverride]
    /// Who declared it.
    public var by: Label
    /// Why.
    public var reason: String
    /// The first second, since 1970, at which it is over.
    public var until: Int64

    /// Joins the parts.
    public init(
        entry: ContentDigest,
        release: ContentDigest,
        overrides: [EmergencyOverride],
        by: Label,
        reason: String,
        until: Int64
    ) {
        self.entry = entry
        self.release = release
        self.overrides = overrides
        self.by = by
        self.reason = reason
        self.until = until
    }
}

/// Something that is lifted now.
public struct EmergencyInForce: Hashable, Sendable, Codable {
    /// The release for which it is.
    public var release: ContentDigest
    /// What is lifted.
    public var lifts: EmergencyOverride
    /// On whose word.
    public var by: [Label]
    /// The first second, since 1970, at which it is not any more.
    public var until: Int64

    /// Joins the parts.
    public init(release: ContentDigest, lifts: EmergencyOverride, by: [Label], until: Int64) {
        self.release = release
        self.lifts = lifts
        self.by = by
        self.until = until
    }
}

/// `GET /v1/emergencies`: what was declared and is not over, and what is lifted by that.
public struct EmergencyList: Hashable, Sendable, Codable {
    /// In the order in which they were declared.
    public var declared: [EmergencyReport]
    /// What two people agree on.
    public var inForce: [EmergencyInForce]

    /// The most bytes accepted.
    public static let maximumSize = 1 << 20

    /// Joins both.
    public init(declared: [EmergencyReport], inForce: [EmergencyInForce]) {
        self.declared = declared
        self.inForce = inForce
    }
}
