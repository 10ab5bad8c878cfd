public import Messages

/// A code that somebody at a device was told, as far as the verifier remembers it.
public struct AwaitedWitnessCode: Hashable, Sendable, Codable {
    /// The release: SHA-256 of its signed payload.
    public internal(set) var release: ContentDigest
    /// What is kept of the code (``Messages/WitnessCode/digest(for:_:)``).
    public internal(set) var code: ContentDigest
    /// The first second at which it is good no more.
    public internal(set) var until: Int64
    /// The act on the ledger: SHA-256 of its entry.
    public internal(set) var act: ContentDigest
    /// How often another code was typed.
    public internal(set) var wrong: Int
    /// What it was good for; `nil` until then.
    public internal(set) var spent: Spent?

    /// The grant that a code was spent on.
    public struct Spent: Hashable, Sendable, Codable {
        /// Where the ratchet stood: the same request again stands there too.
        public internal(set) var position: Int64
        /// The first second at which the grant is no longer good; one that is given again ends no later.
        public internal(set) var until: Int64
    }

    /// So many wrong codes make the right one worthless.
    static let maximumWrong = 5
}

/// Somebody had a code made; the code itself stands nowhere.
public struct WitnessCodeEntry: Hashable, Sendable, Codable {
    /// The release: SHA-256 of its signed payload.
    public var release: ContentDigest
    /// The first second at which it is good no more.
    public var until: Int64
    /// Why.
    public var reason: Remark
}

/// An act: somebody at the verifier is about to tell somebody at the device ten digits.
///
/// It takes the place of an earlier one of the same instance.
public struct WitnessCodeAct: Hashable, Sendable {
    /// The release.
    public var release: ContentDigest
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
        _ release: ContentDigest,
        seconds: Int64,
        by: Label,
        reason: Remark,
        statement: ContentDigest? = nil
    ) {
        self.release = release
        self.seconds = seconds
        self.by = by
        self.reason = reason
        self.statement = statement
    }

    /// Applies the act.
    /// - Parameter code: drawn by the caller, because a judgement draws nothing.
    /// - Returns: `nil` when the instance is suspended or retired, or has a TPM that speaks for it.
    /// - Throws: `MessageError` when the ledger entry cannot be written; then nothing has happened.
    public func apply(
        _ code: WitnessCode,
        to state: InstanceState,
        at now: Int64
    ) throws(MessageError) -> (Transition, AwaitedWitnessCode)? {
        guard state.ratchet != nil, !state.isStopped else { return nil }
        let (until, overflow) = now.addingReportingOverflow(seconds)
        guard !overflow else { throw MessageError(.outOfRange, "the verifier's clock is beyond any code") }
        var draft = TransitionDraft(of: state, at: now, actor: Actor(.operator, by), statement: statement)
        let act = try draft.record(.witnessCode(WitnessCodeEntry(release: release, until: until, reason: reason)))
        let awaited = AwaitedWitnessCode(
            release: release,
            code: code.digest(for: state.instance, release),
            until: until,
            act: act,
            wrong: 0,
            spent: nil
        )
        draft.state.witness = awaited
        return (draft.finished, awaited)
    }
}

extension InstanceState {
    /// Whether nothing is decided for it until an operator acts, or ever.
    var isStopped: Bool { lifecycle == .suspended || lifecycle == .reimaged || lifecycle == .retired }
}
