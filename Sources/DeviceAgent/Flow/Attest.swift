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
}

extension Agent {
    /// Attests once: the lease is renewed, or the refusal says why not.
    public func attest(_ lock: borrowing AgentLock) async throws(AgentError) -> AttestOutcome {
        try await withDevice { tpm, born, journal throws(AgentError) in
            let question = Question(purpose: .attest, readings: try await tpm.readings(born.tag.counters))
            let answer = try await askAndRemember(question, tpm, born, journal)
            return AttestOutcome(
                instance: born.tag.instance,
                lease: answer.lease,
                bootState: answer.bootState,
                rule: answer.rule
            )
        }
    }
}
