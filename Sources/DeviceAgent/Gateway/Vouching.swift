public import Messages
import VerifierClient

/// What became of a contact that a gateway vouched for.
public enum VouchOutcome: Hashable, Sendable {
    /// The verifier accepted what the instance asked.
    case answered(CompensatedAnswer)
    /// It said no, or that it cannot now: what it says is for the instance.
    case refused(Problem)
}

extension Agent {
    /// Vouches for one contact of an instance without a TPM: quotes this device's own boot over what it saw, and presents both.
    ///
    /// Each time this device is judged as well, and its lease renewed.
    /// - Parameters:
    ///   - child: the instance's evidence, as it came; nobody has checked it.
    ///   - observed: what this device saw itself.
    ///   - wantsResult: whether an attestation result of the instance is to be brought along.
    /// - Throws: `AgentError` when this device's own evidence was refused, or nothing could be decided.
    public func vouch(
        for child: CompensatedEvidence,
        observed: ChildObservation,
        wantsResult: Bool = false,
        _ lock: borrowing AgentLock
    ) async throws(AgentError) -> VouchOutcome {
        let statement: [UInt8]
        do {
            let request = try CompensatedRequest(parsing: child.request.bytes)
            statement = try VouchStatement(
                child: request.instance,
                evidence: child.digest,
                observed: observed
            ).bytes
        } catch {
            throw AgentError("the request of the instance that speaks", error)
        }
        return try await withNewestTrust { () async throws(AgentError) in
            try await vouch(for: child, stating: statement, wantsResult: wantsResult)
        }
    }

    private func vouch(
        for child: CompensatedEvidence,
        stating statement: [UInt8],
        wantsResult: Bool
    ) async throws(AgentError) -> VouchOutcome {
        try await withDevice { tpm, born, journal throws(AgentError) in
            var question = Question(purpose: .vouch, readings: try await tpm.readings(born.tag.counters))
            question.vouches = ContentDigest(of: statement)
            return try await askAndRemember(
                question,
                tpm,
                born,
                journal,
                beforeSending: { _ throws(AgentError) in }
            ) { client, evidence in
                let vouched = VouchedEvidence(child: child, statement: Blob(statement), gateway: evidence)
                do throws(VerifierClientError) {
                    let answer = try await client.decide(vouched, wantsResult: wantsResult)
                    return (own: answer.gateway, answer: VouchOutcome.answered(answer.child))
                } catch {
                    // What is refused of this device itself ends its lease; what is refused of another does not.
                    guard case .problem(let problem) = error, problem.instance != born.tag.instance.text,
                        problem.instance != nil || problem.kind == .notAuthentic
                    else { throw error }
                    return (own: nil, answer: .refused(problem))
                }
            }
        }
    }
}
