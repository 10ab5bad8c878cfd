public import Messages
public import UpdateTrust

/// A fleet in figures, counted in one view of the record: identities, devices and sessions apart.
///
/// An identity is a birth, whatever runs under it; a device is what runs; a session is what was asked and given.
public struct FleetFigures: Hashable, Sendable {
    /// Identities, by where they stand and how they prove themselves now.
    public var identities: [Identity: Int]
    /// Those whose lease holds, by how they prove themselves.
    public var trusted: [Tier: Int]
    /// Devices that are not retired, by the release that they run; `nil` is what they were born with.
    public var running: [ContentDigest?: Int]
    /// Devices that are not retired, by how long ago evidence of theirs was accepted last.
    public var attested: [AttestationAge: Int]
    /// Grants, by what became of them.
    public var updates: [UpdateStage: Int]

    /// What distinguishes identities.
    public struct Identity: Hashable, Sendable {
        /// Where it stands.
        public var lifecycle: Lifecycle
        /// How it proves itself now.
        public var tier: Tier

        /// Joins both.
        public init(lifecycle: Lifecycle, tier: Tier) {
            self.lifecycle = lifecycle
            self.tier = tier
        }
    }

    /// Joins the parts.
    public init(
        identities: [Identity: Int],
        trusted: [Tier: Int],
        running: [ContentDigest?: Int],
        attested: [AttestationAge: Int],
        updates: [UpdateStage: Int]
    ) {
        self.identities = identities
        self.trusted = trusted
        self.running = running
        self.attested = attested
        self.updates = updates
    }
}

/// How long ago evidence was accepted last: each but for what is in the one before.
public enum AttestationAge: String, Hashable, Sendable, CaseIterable {
    case hour
    case day
    case week
    case month
    case older
    case never

    /// Seconds; `nil` without bound.
    public var bound: Int64? {
        switch self {
        case .hour: 3600
        case .day: 86_400
        case .week: 7 * 86_400
        case .month: 31 * 86_400
        case .older, .never: nil
        }
    }
}
