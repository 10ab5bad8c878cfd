public import Messages

/// What an attestation brought.
public struct AttestOutcome: Hashable, Sendable, Encodable {
    /// The instance.
    public var instance: InstanceID
    /// The lease as it now is.
    public var lease: LeaseStatement
    /// Which of the expected boots was seen.
    public var bootState: String
    /// The policy rule that decided.
    public var rule: String
    /// The attestation result for relying parties (an EAR as a JWT), when it was asked for.
    public var ear: String?
}

extension Agent {
    /// Attests once: the lease is renewed, or the refusal says why not.
    /// - Parameter wantsResult: whether an attestation result for relying parties is to be brought along.
    public func attest(
        _ lock: borrowing AgentLock,
        wantsResult: Bool = false
    ) async throws(AgentError) -> AttestOutcome {
        try await withNewestTrust { () async throws(AgentError) in try await attest(wantsResult: wantsResult) }
    }

    private func attest(wantsResult: Bool) async throws(AgentError) -> AttestOutcome {
        if wantsResult { try trust.checkNamesResultKeys() }
        return try await withDevice { tpm, born, journal throws(AgentError) in
            var question = Question(purpose: .attest, readings: try await tpm.readings(born.tag.counters))
            question.wantsResult = wantsResult
            let answer: DecisionAnswer
            do throws(AgentError) {
                answer = try await askAndRemember(question, tpm, born, journal)
            } catch {
                var refusal = error
                if let ear = error.ear {
                    refusal.ear = wantsResult ? try trust.checked(ear, of: born.tag.instance) : nil
                }
                throw refusal
            }
            return AttestOutcome(
                instance: born.tag.instance,
                lease: answer.lease,
                bootState: answer.bootState,
                rule: answer.rule,
                ear: wantsResult ? try trust.checked(answer.ear, of: born.tag.instance) : nil
            )
        }
    }
}
