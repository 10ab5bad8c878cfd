public import Appraisal
public import AttestationResults
public import Messages
public import UpdateTrust

/// What evidence came to; a boot that the instance should not show is told from tampering where it can be.
public struct AppraisedEvidence: Sendable {
    /// The verdict.
    public private(set) var verdict: Verdict
    /// The releases among which the boot was found; empty when it did not have to be looked for, or was not there.
    public private(set) var known: [KnownRelease] = []
    /// The releases among which it was looked for; `nil` when it did not have to be.
    public private(set) var tried: [KnownRelease]?

    /// Appraises.
    /// - Parameter replayed: becomes the log, when it had to be replayed.
    public init(_ input: AppraisalInput, replaying replayed: inout ReplayedLog?) {
        verdict = Appraiser.appraise(input, replaying: &replayed)
    }

    /// Whether the instance's own key shows a boot that nobody expects.
    public var isUnexpectedBoot: Bool {
        guard case .refused(let refusal) = verdict, refusal.authentic != nil else { return false }
        return refusal.reasons.map(\.code) == [.bootUnexpected]
    }

    /// Looks for such a boot among the registered releases.
    /// - Parameter input: the one that was appraised.
    public mutating func look(
        among known: [KnownRelease],
        for input: AppraisalInput,
        of record: BirthRecord,
        on state: InstanceState,
        replaying replayed: inout ReplayedLog?
    ) {
        tried = known
        var input = input
        input.expectations = state.strayExpectations(record, among: known)
        guard !input.expectations.isEmpty else { return }
        let verdict = Appraiser.appraise(input, replaying: &replayed)
        switch verdict {
        case .accepted: (self.verdict, self.known) = (verdict, known)
        // The instance can answer better the next time.
        case .refused(let refusal) where refusal.reasons.map(\.code) == [.logMissing]:
            (self.verdict, self.known) = (verdict, known)
        case .refused, .undecided: break
        }
    }
}
