import AttestationResults
public import Messages

/// An operator's act on an instance of which there are two copies: it says which goes on, and takes the instance back.
public struct ForkSettlement: Hashable, Sendable {
    /// Which copy goes on.
    public var line: ForkCopy
    /// By whom.
    public var by: Label
    /// Why.
    public var reason: Remark
    /// What he has signed for it: SHA-256 of the envelope; `nil` when that is nothing.
    public var statement: ContentDigest?

    /// Names an act.
    public init(_ line: ForkCopy, by: Label, reason: Remark, statement: ContentDigest? = nil) {
        self.line = line
        self.by = by
        self.reason = reason
        self.statement = statement
    }

    /// Applies the act: the other copy's keys are left behind, and show themselves again when they sign.
    /// - Returns: `nil` when there is no fork to settle.
    /// - Throws: `MessageError` when the ledger entry cannot be written; then nothing has happened.
    public func apply(to state: InstanceState, at now: Int64) throws(MessageError) -> Transition? {
        guard let fork = state.fork, let next = state.lifecycle.after(.reinstate) else { return nil }
        var draft = TransitionDraft(of: state, at: now, actor: Actor(.operator, by), statement: statement)
        try draft.record(.act(OperatorEntry(act: .reinstate, line: line, reason: reason)))
        if line == .other { draft.state.ratchet = state.ratchet?.taking(fork) }
        draft.state.fork = nil
        draft.state.lifecycle = next
        draft.state.remark = "reinstated by \(by): \(reason)"
        return draft.finished
    }
}
