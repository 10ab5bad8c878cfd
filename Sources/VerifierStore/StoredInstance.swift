public import Messages
public import UpdateTrust

/// An instance: what it was born as, and where it stands.
public struct StoredInstance: Hashable, Sendable {
    /// The birth record's exact bytes.
    public var birth: [UInt8]
    /// The state.
    public var state: InstanceState

    /// Joins both.
    public init(birth: [UInt8], state: InstanceState) {
        self.birth = birth
        self.state = state
    }
}

/// How an instance stands, as the status list needs it.
public struct StoredStanding: Hashable, Sendable {
    /// The instance.
    public var instance: InstanceID
    /// Its place on the list.
    public var index: Int
    /// How it stands.
    public var standing: InstanceStanding

    /// Joins the parts.
    public init(instance: InstanceID, index: Int, standing: InstanceStanding) {
        self.instance = instance
        self.index = index
        self.standing = standing
    }
}

/// What one decision is taken on.
public struct DecisionSnapshot: Hashable, Sendable {
    /// The instance's state.
    public var state: InstanceState
    /// How the releases stand that the state names, and the one that was asked about; one that is not on record is not in it.
    public var standings: ReleaseStandings
    /// The rollout of the release that was asked about; `nil` when it has none.
    public var rollout: Rollout?

    /// Joins the parts.
    public init(state: InstanceState, standings: ReleaseStandings, rollout: Rollout? = nil) {
        self.state = state
        self.standings = standings
        self.rollout = rollout
    }
}
