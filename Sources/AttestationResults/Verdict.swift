/// The result of appraising evidence (RFC 9334 section 8.4): a value, never an exception.
public enum Verdict: Hashable, Sendable {
    /// The evidence proves this state, now.
    case accepted(AttestedState)
    /// The evidence is wrong; the reasons say how.
    case refused(Refusal)
    /// Nothing could be concluded; that is never trust, and it ends nothing.
    case undecided(String)
}

/// Why evidence was refused.
public struct Refusal: Hashable, Sendable {
    /// The reasons, in the order of the checks; never empty.
    public var reasons: [Reason]
    /// What the instance's own key said in answer to our challenge, although it was refused.
    ///
    /// `nil` means that nothing shows who spoke: the evidence may be a stranger's, so it must not hurt anybody's lease.
    public var authentic: Observation?

    /// Joins reasons and what is known to be authentic.
    public init(reasons: [Reason], authentic: Observation?) {
        self.reasons = reasons
        self.authentic = authentic
    }
}

/// One reason of a refusal.
public struct Reason: Hashable, Sendable {
    /// The reason's code out of the closed list.
    public var code: ReasonCode
    /// What was seen in the input, for the operator's log; never an expected value.
    public var detail: String

    /// Joins a code and what was seen.
    public init(_ code: ReasonCode, _ detail: String = "") {
        self.code = code
        self.detail = detail
    }
}
