import AttestationResults
public import Messages

/// The counters of an instance whose TPM was cleared, in the place of those of its birth.
public struct RestoredCounters: Hashable, Sendable, Codable {
    /// How often it was restored.
    public internal(set) var number: UInt32
    /// The counters as its station stated them last.
    public internal(set) var counters: BornCounters
}

extension InstanceState {
    /// The instance's counters as they were last stated: at birth, or when it was restored.
    public func counters(bornFrom record: BirthRecord) -> BornCounters { restored?.counters ?? record.counters }
}

/// An instance's TPM was cleared, and its station put the same identity back.
public struct RestorationEntry: Hashable, Sendable, Codable {
    /// SHA-256 of the station's statement.
    public var statement: ContentDigest
    /// How often it was restored.
    public var number: UInt32
    /// The counters from now on.
    public var counters: BornCounters
    /// The security floor that they stand for.
    public var securityFloor: UInt64
}

extension Restoration {
    /// What stands against a restoration.
    public enum Obstacle: Hashable, Sendable, CustomStringConvertible {
        /// The instance's life has ended.
        case retired
        /// A later one, or another of this number, is on record.
        case superseded(by: UInt32)
        /// The station was told of a floor that is below the one on record.
        case floorTooLow(onRecord: UInt64)
        /// They are not at the NV indices of the birth.
        case otherIndices
        /// They stand below values that were seen: counters of this TPM never do.
        case countersBehind

        /// For the operator who brings it.
        public var description: String {
            switch self {
            case .retired: "the instance is retired"
            case .superseded(let number): "restoration \(number) of the instance is on record"
            case .floorTooLow(let floor):
                """
                its security floor is below the \(floor) on record: run `birthmark-factory provision` at the station again with \
                --security-floor \(floor), then export and import that
                """
            case .otherIndices: "its counters are at other NV indices than those of the birth"
            case .countersBehind: "its counters stand below values that were seen before"
            }
        }
    }

    /// What came of it.
    public enum Outcome: Hashable, Sendable {
        /// The change, to be stored whole.
        case applied(Transition)
        /// Nothing changes.
        case refused(Obstacle)
    }

    /// Takes over what a station stated and signed about an instance of its own.
    ///
    /// Whatever the TPM held for its owner is gone, so the trust in what it runs is, too: the lease and all under it end, and the next
    /// accepted evidence starts from there. TPM2_Clear sets the clock and the counters of resets to zero (Part 3, 24.6), so that is what
    /// was seen last; who suspended the instance still has to reinstate it.
    /// - Parameters:
    ///   - state: the instance's state.
    ///   - record: its birth record.
    ///   - statement: SHA-256 of this restoration's exact bytes.
    /// - Throws: `MessageError` when the ledger entry cannot be written; then nothing has happened.
    public func apply(
        to state: InstanceState,
        bornFrom record: BirthRecord,
        statement: ContentDigest,
        at now: Int64
    ) throws(MessageError) -> Outcome {
        guard let next = state.lifecycle.after(.restore) else { return .refused(.retired) }
        if let last = state.restored?.number, number <= last { return .refused(.superseded(by: last)) }
        guard securityFloor >= state.securityFloor else { return .refused(.floorTooLow(onRecord: state.securityFloor)) }
        let earlier = state.counters(bornFrom: record)
        guard counters.securityFloor.index == earlier.securityFloor.index, counters.grants.index == earlier.grants.index
        else { return .refused(.otherIndices) }
        let (floorValue, overflow) = counters.securityFloor.base.addingReportingOverflow(securityFloor)
        guard !overflow, floorValue >= max(earlier.securityFloor.base, state.counters?.securityFloor ?? 0),
            counters.grants.base >= earlier.grants.base,
            counters.grants == earlier.grants || counters.grants.base >= state.counters?.grants ?? 0
        else { return .refused(.countersBehind) }
        var draft = TransitionDraft(of: state, at: now, actor: Actor(.station, station))
        try draft.record(
            .restoration(
                RestorationEntry(statement: statement, number: number, counters: counters, securityFloor: securityFloor)
            )
        )
        try draft.endLease(because: .cleared)
        draft.state.pending?.status = .ended
        draft.state.lifecycle = next
        draft.state.restored = RestoredCounters(number: number, counters: counters)
        draft.state.counters = nil
        draft.state.lastSeen?.clock = ClockReading(clock: 0, resetCount: 0, restartCount: 0, safe: true)
        if next == .born { draft.state.remark = "its TPM was cleared, and restored at \(station)" }
        return .applied(draft.finished)
    }
}
