public import Messages

/// What an operator does to one instance, by name and with a reason.
public struct OperatorAct: Hashable, Sendable {
    /// What is done.
    public enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
        /// Ends the lease and everything under it until the instance is reinstated.
        case suspend
        /// Takes an instance back that was suspended or reimaged: its next accepted evidence starts a new lease.
        case reinstate
        /// Ends the instance's life for good.
        case retire
    }

    /// What is done.
    public var kind: Kind
    /// By whom.
    public var by: Label
    /// Why.
    public var reason: Remark
    /// What he has signed for it: SHA-256 of the envelope; `nil` when that is nothing.
    public var statement: ContentDigest?

    /// Names an act.
    public init(_ kind: Kind, by: Label, reason: Remark, statement: ContentDigest? = nil) {
        self.kind = kind
        self.by = by
        self.reason = reason
        self.statement = statement
    }

    /// What came of an act.
    public enum Outcome: Hashable, Sendable {
        /// The change, to be stored whole.
        case applied(Transition)
        /// The instance's life has no such step from where it stands.
        case refused(Lifecycle)
        /// There are two copies of the instance: it is taken back by saying which of them goes on (``ForkSettlement``).
        case forked
    }

    /// Applies the act.
    /// - Throws: `MessageError` when the ledger entry cannot be written; then nothing has happened.
    public func apply(to state: InstanceState, at now: Int64) throws(MessageError) -> Outcome {
        let event: Lifecycle.Event =
            switch kind {
            case .suspend: .suspend
            case .reinstate: .reinstate
            case .retire: .retire
            }
        guard let next = state.lifecycle.after(event) else { return .refused(state.lifecycle) }
        if kind == .reinstate, state.fork != nil { return .forked }
        var draft = TransitionDraft(of: state, at: now, actor: Actor(.operator, by), statement: statement)
        try draft.record(.act(OperatorEntry(act: kind, reason: reason)))
        switch kind {
        case .suspend: try draft.endLease(because: .suspended)
        case .retire: try draft.endLease(because: .retired)
        case .reinstate:
            draft.state.acceptReimage()
            draft.state.failed = nil
        }
        draft.state.lifecycle = next
        draft.state.remark = "\(kind.pastTense) by \(by): \(reason)"
        return .applied(draft.finished)
    }
}

extension OperatorAct.Kind {
    /// What was done, for people.
    public var pastTense: String {
        switch self {
        case .suspend: "suspended"
        case .reinstate: "reinstated"
        case .retire: "retired"
        }
    }
}
