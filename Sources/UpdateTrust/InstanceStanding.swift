public import AttestationResults

/// The part of an instance's state from which follows how relying parties are told it stands.
public struct InstanceStanding: Hashable, Sendable {
    /// Where it stands in its life.
    public let lifecycle: Lifecycle
    /// When evidence last renewed its lease, in seconds since 1970; `nil` when it has none.
    public let renewedAt: Int64?
    /// The first second at which that lease no longer holds.
    public let expires: Int64?

    /// Joins the parts, as a store kept them.
    public init(lifecycle: Lifecycle, renewedAt: Int64?, expires: Int64?) {
        self.lifecycle = lifecycle
        self.renewedAt = renewedAt
        self.expires = expires
    }

    /// How an instance stands.
    public init(of state: InstanceState) {
        self.init(lifecycle: state.lifecycle, renewedAt: state.lease?.renewedAt, expires: state.lease?.expires)
    }

    /// What the status list says of it: valid while it runs what it should and its lease holds, and at no other time.
    ///
    /// The draft calls invalid what stays so; an instance whose lease ran out is invalid until its next evidence.
    public func status(at now: Int64) -> StatusType {
        switch lifecycle {
        case .suspended, .reimaged: return .suspended
        // What is lent to an instance that strayed is for its way back, and for no relying party.
        case .born, .rescue, .drifted, .retired: return .invalid
        case .trusted:
            guard let renewedAt, let expires else { return .invalid }
            return Lease.holds(at: now, renewedAt: renewedAt, expires: expires) ? .valid : .invalid
        }
    }
}
