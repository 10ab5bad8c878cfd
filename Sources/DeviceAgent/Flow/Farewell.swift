import Messages
import TPMDevice
import VerifierClient

extension Agent {
    /// Says farewell: the last quote, over a request that says so, while the key is still there.
    ///
    /// Neither event log nor IMA list goes along: what the device runs is of no interest any more, only that its own key said it.
    /// - Throws: `AgentError` of kind `.refused` when no operator has retired the instance: then nothing may be destroyed.
    func takeLeave(_ lock: borrowing AgentLock) async throws(AgentError) -> FarewellAnswer {
        do throws(AgentError) {
            return try await withNewestTrust { () async throws(AgentError) in
                try await DeviceTPM.with(tcti: tcti) { tpm throws(AgentError) in
                    try await takeLeave(tpm, try await tpm.bornInstance())
                }
            }
        } catch {
            throw error.ofFarewell
        }
    }

    private func takeLeave(_ tpm: DeviceTPM, _ born: BornInstance) async throws(AgentError) -> FarewellAnswer {
        do {
            return try await VerifierClient.with(trust, limits: limits) { client in
                let challenge = try await client.challenge(
                    ChallengeRequest(instance: born.tag.instance, purpose: .farewell)
                )
                let request = DecisionRequest(
                    instance: born.tag.instance,
                    purpose: .farewell,
                    challenge: challenge.challenge,
                    installation: try installationProof(born, challenge.challenge)
                )
                let bytes = try request.bytes
                let quoted = try await tpm.quote(
                    challenge.selection,
                    with: born.tag.iakHandle,
                    qualifyingData: DecisionRequest.qualifyingData(for: bytes)
                )
                let answer = try await client.takeLeave(
                    Evidence(
                        request: Blob(bytes),
                        attest: Blob(quoted.signed.attest),
                        signature: Blob(quoted.signed.signature),
                        pcrs: quoted.pcrs
                    )
                )
                guard answer.instance == born.tag.instance else {
                    throw AgentError(.environment, "the verifier took the farewell of another instance")
                }
                return answer
            }
        } catch {
            throw AgentError(of: error, about: "the farewell")
        }
    }
}

extension AgentError {
    /// What to do next when a farewell was not taken.
    var ofFarewell: AgentError {
        var failure = self
        if reasons.contains("not-retired") {
            failure.hint =
                "nothing was destroyed; retire it at the verifier first: birthmark device retire, then run this again"
        } else if kind == .environment, reasons.isEmpty {
            failure.hint =
                "nothing was destroyed; try again, or give --without-verifier when the verifier will never answer"
        }
        return failure
    }
}
