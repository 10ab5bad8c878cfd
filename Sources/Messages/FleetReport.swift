/// `GET /v1/figures`: a fleet in figures, identities, devices and sessions apart.
public struct FleetReport: Hashable, Sendable, Codable {
    /// When it was counted, in seconds since 1970.
    public var at: Int64
    /// Births.
    public var identities: Identities
    /// What runs.
    public var devices: Devices
    /// What was asked and given.
    public var sessions: Sessions
    /// Emergencies that are not over, and what is lifted by them, at this moment.
    public var emergencies: EmergencyList?

    /// Births, by where they stand, and under that by how they prove themselves now.
    public struct Identities: Hashable, Sendable, Codable {
        /// All of them.
        public var total: Int
        /// By lifecycle and tier.
        public var byLifecycle: [String: [String: Int]]
        /// Those whose lease holds, by tier.
        public var trusted: [String: Int]

        /// Joins the parts.
        public init(total: Int, byLifecycle: [String: [String: Int]], trusted: [String: Int]) {
            self.total = total
            self.byLifecycle = byLifecycle
            self.trusted = trusted
        }
    }

    /// Devices that are not retired.
    public struct Devices: Hashable, Sendable, Codable {
        /// By the release that they run.
        public var running: [String: Int]
        /// By how long ago evidence of theirs was accepted last; each but for those in a shorter time.
        public var attestedWithin: [String: Int]
        /// Those that run a release which was never granted to them.
        public var drifted: Int

        /// Joins the parts.
        public init(running: [String: Int], attestedWithin: [String: Int], drifted: Int) {
            self.running = running
            self.attestedWithin = attestedWithin
            self.drifted = drifted
        }
    }

    /// Decisions and grants.
    public struct Sessions: Hashable, Sendable, Codable {
        /// Grants, by what became of them.
        public var updates: [String: Int]
        /// Decisions since the verifier was started, by purpose and verdict.
        public var decisions: [String: [String: Int]]
        /// Refusals since the verifier was started, by reason.
        public var refusals: [String: Int]

        /// Joins the parts.
        public init(updates: [String: Int], decisions: [String: [String: Int]], refusals: [String: Int]) {
            self.updates = updates
            self.decisions = decisions
            self.refusals = refusals
        }
    }

    /// The most bytes accepted.
    public static let maximumSize = 1 << 20

    /// Joins the parts.
    public init(
        at: Int64,
        identities: Identities,
        devices: Devices,
        sessions: Sessions,
        emergencies: EmergencyList? = nil
    ) {
        self.at = at
        self.identities = identities
        self.devices = devices
        self.sessions = sessions
        self.emergencies = emergencies
    }
}
