public import Messages

/// The rollout of one release: which part of the fleet may be granted it now.
///
/// A release without one goes to all whom the policy lets have it.
public struct Rollout: Hashable, Sendable, Codable {
    /// How it stands.
    public enum Status: String, Hashable, Sendable, Codable, CaseIterable {
        /// It goes out, to the part that its plan says.
        case rolling
        /// An operator holds it.
        case paused
        /// Too many updates failed, and nobody has looked at that yet.
        case halted
    }

    /// The release: SHA-256 of its signed payload.
    public internal(set) var release: ContentDigest
    /// The part of the fleet.
    public internal(set) var plan: RolloutPlan
    /// How it stands, by the last act on it.
    public internal(set) var status: Status
    /// Rises by one with each act.
    public internal(set) var revision: Int64
    /// When the last act was, in seconds since 1970.
    public internal(set) var changedAt: Int64
    /// Whose it was.
    public internal(set) var changedBy: Actor
    /// Why.
    public internal(set) var reason: Remark

    /// The most bytes of the JSON form.
    static let maximumSize = 16 << 10

    /// Reads the JSON form that a store kept.
    public init(parsing bytes: [UInt8]) throws(MessageError) {
        self = try CanonicalJSON.decode(Rollout.self, from: bytes, limit: Self.maximumSize)
    }

    init(_ release: ContentDigest, _ plan: RolloutPlan, at now: Int64, by actor: Actor, _ reason: Remark) {
        self.release = release
        self.plan = plan
        self.status = .rolling
        self.revision = 0
        self.changedAt = now
        self.changedBy = actor
        self.reason = reason
    }

    /// How many places there are: an instance's is told to a hundredth of a percent.
    static let places: UInt64 = 10_000

    /// Where an instance is among all places, the same for ever for this release.
    ///
    /// The first eight bytes of a SHA-256 over both, modulo the places: nobody is always the first, and a higher percentage only adds.
    static func place(of instance: InstanceID, in release: ContentDigest) -> UInt64 {
        let digest = ContentDigest(of: Array("birthmark rollout v1\0\(instance.text)\0".utf8) + release.bytes)
        return digest.bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) } % places
    }

    /// Whether it has come to an instance.
    func reaches(_ birth: BirthFacts) -> Bool {
        if plan.cohorts?.contains(birth.environment) == true { return true }
        return Self.place(of: birth.instance, in: release) < UInt64(clamping: plan.percent) * (Self.places / 100)
    }

    /// Why nothing of the release is handed out to an instance, wherever its place is; `nil` while it rolls.
    ///
    /// Who has the release on record has it, wherever its rollout is.
    public func stop(for state: InstanceState) -> DecisionReason? {
        guard state.running.manifest != release else { return nil }
        return switch status {
        case .paused: .rolloutPaused
        case .halted: .rolloutHalted
        case .rolling: nil
        }
    }

    /// Why an instance is not granted the release; `nil` when nothing of its rollout stands against it.
    func reason(against birth: BirthFacts, _ state: InstanceState) -> DecisionReason? {
        if let stop = stop(for: state) { return stop }
        return state.running.manifest == release || reaches(birth) ? nil : .rolloutNotYet
    }

    /// Why it does not stand against an instance, though it would against others there; `nil` where it does, or would against nobody.
    ///
    /// A rollout says who is given a release. Who has it was given it, and is mended by it whatever becomes of the others.
    func exemption(of birth: BirthFacts, _ state: InstanceState) -> String? {
        guard state.running.manifest == release, status != .rolling || !reaches(birth) else { return nil }
        return "the instance has the release on record, and may have it again wherever its rollout is"
    }

    /// For people, who want to know of one instance.
    func says(of birth: BirthFacts) -> String {
        let place = Self.place(of: birth.instance, in: release)
        let cohorts = plan.cohorts.map { " and all of \($0.map(\.text).joined(separator: ", "))" } ?? ""
        let stands = status == .rolling ? "" : ", \(status.rawValue) (\(reason))"
        return """
            rollout at \(plan.percent) %\(cohorts)\(stands): this instance, of \(birth.environment), has its place at \
            \(place / 100).\(padded(Int64(place % 100), to: 2)) %
            """
    }
}

/// A rollout with what came of the grants that were given under it.
public struct StagedRollout: Hashable, Sendable {
    /// The rollout.
    public var rollout: Rollout
    /// Updates that are confirmed, of those that were granted since counting began.
    public var confirmed: Int64
    /// Updates of those that failed, as far as is known now.
    public var failed: Int64

    /// Joins the parts.
    public init(rollout: Rollout, confirmed: Int64, failed: Int64) {
        self.rollout = rollout
        self.confirmed = confirmed
        self.failed = failed
    }

    /// How many updates say something of the release by now.
    var concluded: Int64 { confirmed &+ failed }

    /// Whether more updates failed than a plan puts up with.
    func isFailing(by plan: RolloutPlan) -> Bool {
        guard let most = plan.haltAbove, concluded >= Int64(plan.haltAfter) else { return false }
        return Double(failed) * 100 > Double(most) * Double(concluded)
    }
}

/// What a stage says of the release that was granted.
public enum UpdateOutcome: Hashable, Sendable {
    /// It works on this device.
    case confirmed
    /// It does not, or the device was not heard of since.
    case failed
}

extension UpdateStage {
    /// What it says of the release; `nil` while it says nothing: the update is under way, or was never carried out.
    public var outcome: UpdateOutcome? {
        switch self {
        case .confirmed: .confirmed
        case .rolledBack, .rescued, .failed, .unconfirmed: .failed
        case .granted, .installed, .booted, .lapsed, .superseded, .withdrawn: nil
        }
    }
}
