import AttestationResults
public import Messages

/// An instance that was born with a TPM and speaks without it, by an operator's act and for a time.
public struct LoweredTier: Hashable, Sendable, Codable {
    /// Who lets it, until when and why.
    public internal(set) var mark: LoweredMark
    /// SHA-256 of the key that spoke first.
    public internal(set) var first: ContentDigest
    /// What the device's hardware said of itself when the key was made.
    public internal(set) var claims: HardwareClaims

    /// Whether it is not over: at exactly the named second it is.
    public func holds(at now: Int64) -> Bool { now < mark.until }
}

/// The tier of an instance was lowered, or is what it was born with again.
public struct TierEntry: Hashable, Sendable, Codable {
    /// Which of the two.
    public enum Change: String, Hashable, Sendable, Codable, CaseIterable {
        case lowered
        case raised
    }

    /// Which of the two.
    public var change: Change
    /// SHA-256 of the key that speaks now; present when the tier was lowered.
    public var key: ContentDigest?
    /// The key's position: they only rise, however often a tier is lowered.
    public var position: Int64?
    /// The first second at which it is over; present when the tier was lowered.
    public var until: Int64?
    /// Why; absent when the time was over.
    public var reason: Remark?
}

/// An operator's act: until then this key speaks for the instance, and its TPM does not.
public struct TierLowering: Hashable, Sendable {
    /// The key, and what the device's hardware says of itself.
    public var request: KeyRequest
    /// For how long, in seconds.
    public var seconds: Int64
    /// By whom.
    public var by: Label
    /// Why.
    public var reason: Remark
    /// What he has signed for it: SHA-256 of the envelope; `nil` when that is nothing.
    public var statement: ContentDigest?

    /// Names an act.
    public init(
        _ request: KeyRequest,
        seconds: Int64,
        by: Label,
        reason: Remark,
        statement: ContentDigest? = nil
    ) {
        self.request = request
        self.seconds = seconds
        self.by = by
        self.reason = reason
        self.statement = statement
    }

    /// What came of it.
    public enum Outcome: Hashable, Sendable {
        /// The change, to be stored whole.
        case applied(Transition)
        /// The same was done before, and the answer to it was lost.
        case known
        /// Nothing changes, because of this.
        case refused(String)
    }

    /// Applies the act: the lease and what was granted under it end, and the key begins with nothing.
    /// - Parameter isKeyUsed: whether this key was committed for this instance before: what was left behind speaks for nobody.
    /// - Throws: `MessageError` when the ledger entry cannot be written; then nothing has happened.
    public func apply(
        to state: InstanceState,
        bornFrom birth: BirthFacts,
        isKeyUsed: Bool,
        at now: Int64
    ) throws(MessageError) -> Outcome {
        let (until, overflow) = now.addingReportingOverflow(seconds)
        guard seconds > 0, seconds <= Int64(LowerTierOrder.maximumDays) * 86_400, !overflow else {
            return .refused("A tier is lowered for 1 to \(LowerTierOrder.maximumDays) days.")
        }
        guard birth.tier != .compensated else { return .refused("The instance was born without a TPM.") }
        if let lowered = state.lowered, lowered.holds(at: now) {
            return lowered.first == request.key.thumbprint
                ? .known : .refused("The instance's tier is lowered already, for another key: raise it first.")
        }
        guard let next = state.lifecycle.after(.lowerTier) else {
            return .refused("The instance is \(state.lifecycle.rawValue): its tier cannot be lowered.")
        }
        guard !isKeyUsed else { return .refused("The key has spoken for the instance before: make another.") }
        var draft = TransitionDraft(of: state, at: now, actor: Actor(.operator, by), statement: statement)
        let ratchet = Ratchet(first: request.key, at: state.nextPosition)
        let entry = try draft.record(
            .tier(
                TierEntry(
                    change: .lowered,
                    key: request.key.thumbprint,
                    position: ratchet.position,
                    until: until,
                    reason: reason
                )
            )
        )
        try draft.endLease(because: .tierLowered)
        draft.state.lifecycle = next
        draft.state.ratchet = ratchet
        draft.state.lowered = LoweredTier(
            mark: LoweredMark(by: by, until: until, reason: reason, entry: entry),
            first: request.key.thumbprint,
            claims: request.claims
        )
        // What a quote has shown last, nobody shows now.
        draft.state.strayed = nil
        draft.state.remark = "tier lowered by \(by) until \(TimeZoneRules.utc.text(until)): \(reason)"
        return .applied(draft.finished)
    }
}

/// An operator's act: the instance's TPM speaks for it again, before the time is over.
public struct TierRaise: Hashable, Sendable {
    /// By whom.
    public var by: Label
    /// Why.
    public var reason: Remark
    /// What he has signed for it: SHA-256 of the envelope; `nil` when that is nothing.
    public var statement: ContentDigest?

    /// Names an act.
    public init(by: Label, reason: Remark, statement: ContentDigest? = nil) {
        self.by = by
        self.reason = reason
        self.statement = statement
    }

    /// Applies the act.
    /// - Returns: `nil` when the tier is not lowered, or the instance is retired.
    /// - Throws: `MessageError` when the ledger entry cannot be written; then nothing has happened.
    public func apply(to state: InstanceState, at now: Int64) throws(MessageError) -> Transition? {
        guard state.lowered != nil, state.lifecycle.after(.raiseTier) != nil else { return nil }
        var draft = TransitionDraft(of: state, at: now, actor: Actor(.operator, by), statement: statement)
        try draft.raiseTier(because: reason)
        draft.state.remark = "tier raised by \(by): \(reason)"
        return draft.finished
    }
}

extension TransitionDraft {
    /// Ends a time without a TPM that is over.
    mutating func endLoweredTier() throws(MessageError) {
        guard let lowered = state.lowered, !lowered.holds(at: now) else { return }
        try raiseTier(because: nil)
        state.remark = "the time without its TPM is over, which \(lowered.mark.by) gave it"
    }

    /// The software key says nothing any more, and no lease that it was given goes on.
    fileprivate mutating func raiseTier(because reason: Remark?) throws(MessageError) {
        guard let next = state.lifecycle.after(.raiseTier) else { return }
        try record(.tier(TierEntry(change: .raised, reason: reason)))
        try endLease(because: .tierRaised)
        state.lifecycle = next
        state.ratchetEnd = state.ratchet?.position
        state.ratchet = nil
        state.lowered = nil
        // Of keys that speak for nobody a copy is nobody either.
        state.fork = nil
        state.witness = nil
    }
}

extension InstanceState {
    /// The position of a first key: above all that were committed before.
    fileprivate var nextPosition: Int64 { (ratchet?.position ?? ratchetEnd).map { $0 &+ 1 } ?? 0 }
}

extension LoweredMark {
    /// For people who rely on an instance: until when, by whom and why.
    var sentence: String { "lowered until \(TimeZoneRules.utc.text(until)) by \(by) because \(reason)" }
}
