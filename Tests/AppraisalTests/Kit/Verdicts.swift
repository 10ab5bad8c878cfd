import AttestationResults
import Testing

extension Verdict {
    /// The codes of a refusal; empty for anything else.
    var codes: [ReasonCode] {
        if case .refused(let refusal) = self { refusal.reasons.map(\.code) } else { [] }
    }

    /// What the instance's own key said, when the evidence was refused all the same.
    var authentic: Observation? {
        if case .refused(let refusal) = self { refusal.authentic } else { nil }
    }

    /// The state, when accepted.
    var state: AttestedState? {
        if case .accepted(let state) = self { state } else { nil }
    }
}

/// Expects a refusal that shows nothing of who spoke.
func expectStranger(_ verdict: Verdict, _ code: ReasonCode, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(verdict.codes == [code], sourceLocation: sourceLocation)
    #expect(verdict.authentic == nil, sourceLocation: sourceLocation)
}

/// Expects a refusal of what the instance's own key said in answer to the request.
func expectOwnKey(_ verdict: Verdict, _ codes: ReasonCode..., sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(verdict.codes == codes, sourceLocation: sourceLocation)
    #expect(verdict.authentic != nil, sourceLocation: sourceLocation)
}
