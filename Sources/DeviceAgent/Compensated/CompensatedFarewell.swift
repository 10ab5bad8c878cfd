import Messages
import UpdateTrust
import VerifierClient

extension CompensatedAgent {
    /// Says farewell: the last request of its ratchet, while the key is still there.
    ///
    /// The identity does not move on: cut off before its end, the same is said again, and is known.
    /// - Throws: `AgentError` of kind `.refused` when no operator has retired the instance: then nothing may be destroyed.
    func takeLeave(_ lock: borrowing AgentLock) async throws(AgentError) -> FarewellAnswer {
        let (identity, journal) = try await opened()
        do throws(AgentError) {
            return try await withNewestTrust { () async throws(AgentError) in try await takeLeave(identity, journal) }
        } catch {
            var failure = error.ofFarewell
            if error.reasons.contains("forked") {
                failure.hint =
                    "nothing was destroyed: another copy of this device went on, and says farewell; here give --without-verifier"
            }
            throw failure
        }
    }

    private func takeLeave(
        _ identity: IdentityKeeper,
        _ journal: JournalKeeper
    ) async throws(AgentError) -> FarewellAnswer {
        let (instance, claims) = (identity.instance, try identity.claims)
        let (key, next) = try identity.keys
        let running = try running(journal.journal, identity.bornWith)
        do {
            return try await reach { client in
                let order = ChallengeRequest(instance: instance, purpose: .farewell)
                let request = CompensatedRequest(
                    instance: instance,
                    purpose: .farewell,
                    challenge: try await client.challenge(order).challenge,
                    key: SoftwareKey(of: key),
                    next: SoftwareKey(of: next),
                    claims: claims,
                    running: running
                )
                let answer = try await client.takeLeave(
                    CompensatedEvidence(request, signedBy: key, next: next)
                )
                try hold(answer, to: try request.bytes, of: instance)
                return answer
            }
        } catch {
            throw AgentError(of: error, about: "the farewell")
        }
    }

    /// A gateway that made one up would have this device destroy its keys.
    private func hold(
        _ answer: FarewellAnswer,
        to request: [UInt8],
        of instance: InstanceID
    ) throws(AgentError) {
        let (issuer, keys) = try verifierWords
        do {
            try FarewellWord.hold(answer, to: request, of: instance, issuer: issuer, keys: keys)
        } catch {
            throw AgentError(
                .environment,
                "the farewell is not one that the verifier has taken: \(error)",
                hint: "nothing was destroyed; whoever carried the answer is not to be trusted",
                reasons: [Self.answerNotCommitted]
            )
        }
    }
}
