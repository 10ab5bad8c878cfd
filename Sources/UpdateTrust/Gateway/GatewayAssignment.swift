public import Messages

/// An operator says through which gateways an instance without a TPM may speak.
public struct GatewayAssignment: Hashable, Sendable {
    /// The gateways, in the place of those before; none takes the instance away from all.
    public var gateways: [InstanceID]
    /// By whom.
    public var by: Label
    /// Why.
    public var reason: Remark
    /// What he has signed for it: SHA-256 of the envelope; `nil` when that is nothing.
    public var statement: ContentDigest?

    /// Names an act.
    public init(_ gateways: [InstanceID], by: Label, reason: Remark, statement: ContentDigest? = nil) {
        self.gateways = gateways
        self.by = by
        self.reason = reason
        self.statement = statement
    }

    /// Applies the act: a lease that rests on the word of a gateway which is none of these ends.
    /// - Returns: `nil` when the instance is retired, or has a TPM.
    /// - Throws: `MessageError` when a ledger entry cannot be written; then nothing has happened.
    public func apply(to state: InstanceState, at now: Int64) throws(MessageError) -> Transition? {
        guard state.ratchet != nil, state.lifecycle != .retired else { return nil }
        var draft = TransitionDraft(of: state, at: now, actor: Actor(.operator, by), statement: statement)
        try draft.record(.assignment(AssignmentEntry(gateways: gateways, reason: reason)))
        draft.state.gateways = gateways.isEmpty ? nil : gateways
        if let under = state.lease?.under, !gateways.contains(under) { try draft.endLease(because: .gatewayEnded) }
        return draft.finished
    }
}

/// An operator assigned an instance without a TPM to gateways.
public struct AssignmentEntry: Hashable, Sendable, Codable {
    /// The gateways from now on.
    public var gateways: [InstanceID]
    /// Why.
    public var reason: Remark
}
