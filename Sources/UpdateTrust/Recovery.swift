public import Messages

/// The record was put back from a backup: what stands behind this entry is another history than the one that was lost.
public struct RecoveryEntry: Hashable, Sendable, Codable {
    /// How many entries the backup had; this one stands behind them.
    public var size: Int
    /// How many entries the lost record had at least; absent when nothing is known of it that is later than the backup.
    public var lostSize: Int?
    /// The root over those.
    public var lostRoot: ContentDigest?
    /// Who put it back, by his own word: nobody else was there.
    public var by: Label
    /// Why.
    public var reason: Remark
    /// How many entries a copy of the lost ledger had, from which was taken what had stopped instances since; absent without a copy.
    public var copied: Int?

    /// States a recovery.
    public init(size: Int, lost: (size: Int, root: ContentDigest)?, by: Label, reason: Remark, copied: Int?) {
        self.size = size
        lostSize = lost?.size
        lostRoot = lost?.root
        self.by = by
        self.reason = reason
        self.copied = copied
    }
}

/// What had stopped instances in a part of a ledger, as its entries say.
public struct StoppedInstances: Hashable, Sendable {
    /// How an instance was stopped, and not taken back since.
    public struct Stop: Hashable, Sendable {
        /// Whether for good: `suspend` or `retire`.
        public var act: OperatorAct.Kind
        /// The place of the entry that says so.
        public var index: Int
    }

    /// Those that were stopped.
    public private(set) var stops: [InstanceID: Stop] = [:]

    /// None.
    public init() {}

    /// Takes up the next entry.
    public mutating func follow(_ entry: LedgerEntry, at index: Int) {
        // Nothing leads back from retirement.
        guard let instance = entry.instance, let act = entry.stop, stops[instance]?.act != .retire else { return }
        stops[instance] = act == .reinstate ? nil : Stop(act: act, index: index)
    }
}

extension LedgerEntry {
    /// What it does to whether its instance is let go on; `nil` when that is nothing.
    ///
    /// Whatever waits for an operator there counts as suspended: he is asked again.
    fileprivate var stop: OperatorAct.Kind? {
        let lifecycle: Lifecycle
        switch body {
        case .act(let body): return body.act
        case .rework: return .retire
        case .decision(let body): lifecycle = body.lifecycle
        case .compensated(let body): lifecycle = body.lifecycle
        default: return nil
        }
        switch lifecycle {
        case .suspended, .reimaged: return .suspend
        case .retired: return .retire
        case .born, .trusted, .rescue, .drifted: return nil
        }
    }
}

extension Transition {
    /// What becomes of an instance when the record is put back from a backup: no lease of then holds, and what stopped it since stops it
    /// again, in the verifier's name, since nobody has signed for it here.
    /// - Parameter stop: what the lost part of the ledger says; `nil` when that is nothing, or not known.
    /// - Returns: `nil` when nothing changes.
    /// - Throws: `MessageError` when a ledger entry cannot be written.
    public static func recovery(
        of state: InstanceState,
        stop: StoppedInstances.Stop?,
        at now: Int64,
        by verifier: Label
    ) throws(MessageError) -> Transition? {
        guard state.lifecycle != .retired else { return nil }
        var draft = TransitionDraft(of: state, at: now, actor: Actor(.verifier, verifier))
        if let stop, let next = state.lifecycle.after(stop.act == .retire ? .retire : .suspend) {
            guard let reason = Remark("as entry \(stop.index) of the lost record says") else {
                throw MessageError(.outOfRange, "the place of an entry is no remark")
            }
            try draft.record(.act(OperatorEntry(act: stop.act, reason: reason)))
            draft.state.lifecycle = next
            draft.state.remark = "\(stop.act.pastTense), \(reason)"
        }
        try draft.endLease(because: .recordRecovered)
        let finished = draft.finished
        return finished.entries.isEmpty ? nil : finished
    }
}
