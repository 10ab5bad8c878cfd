import Messages
import TPMDevice
import VerifierClient

/// One question to the verifier: its purpose and what goes with it.
struct Question {
    var purpose: Purpose
    var package: PackageReference?
    var grant: String?
    /// The counters go into the request.
    var readings: TPMReadings
    /// Whether the answer is to carry an attestation result.
    var wantsResult = false
    /// SHA-256 of what a gateway vouches for.
    var vouches: ContentDigest?
}

/// How evidence is presented, and what of the answer is about this device itself.
typealias Presentation<Answer> = (VerifierClient, Evidence) async throws -> (own: DecisionAnswer?, answer: Answer)

extension Agent {
    /// Fetches a challenge, quotes the boot over the request, and presents the evidence: one TPM signature.
    /// - Parameters:
    ///   - position: where the verifier's knowledge of the IMA list ends, as far as is remembered.
    ///   - beforeSending: is given the request's exact bytes before anybody else sees them.
    private func ask<Answer: Sendable>(
        _ question: Question,
        _ tpm: DeviceTPM,
        _ born: BornInstance,
        from position: IMAListPosition?,
        beforeSending: ([UInt8]) throws(AgentError) -> Void,
        present: Presentation<Answer>
    ) async throws(AgentError) -> (own: DecisionAnswer?, answer: Answer) {
        let log = try eventLog.read()
        let logDigest = log.map { ContentDigest(of: $0) }
        let counters = try question.readings.counters
        let installation = try state.installationKey()
        do {
            return try await VerifierClient.with(trust, limits: limits) { client in
                let challenge = try await client.challenge(
                    ChallengeRequest(
                        instance: born.tag.instance,
                        purpose: question.purpose,
                        package: question.package?.sha256,
                        log: logDigest
                    )
                )
                // Before the answer comes, which is judged by it.
                if question.purpose == .attest || question.purpose == .vouch { await lookForTrust(client) }
                let request = DecisionRequest(
                    instance: born.tag.instance,
                    purpose: question.purpose,
                    challenge: challenge.challenge,
                    installation: try InstallationProof(
                        by: installation,
                        for: born.tag.instance,
                        challenge: challenge.challenge
                    ),
                    package: question.package,
                    grant: question.grant,
                    counters: counters,
                    vouches: question.vouches
                )
                let bytes = try request.bytes
                let quoted = try await tpm.quote(
                    challenge.selection,
                    with: born.tag.iakHandle,
                    qualifyingData: DecisionRequest.qualifyingData(for: bytes)
                )
                try beforeSending(bytes)
                let resets = question.readings.resets
                let list = try challenge.imaPCR.map { _ in try imaList(from: position, resets: resets) }
                return try await present(
                    client,
                    Evidence(
                        request: Blob(bytes),
                        attest: Blob(quoted.signed.attest),
                        signature: Blob(quoted.signed.signature),
                        pcrs: quoted.pcrs,
                        log: logDigest,
                        logBytes: challenge.holdsLog ? nil : log.map { Blob($0) },
                        ima: list
                    )
                )
            }
        } catch {
            throw AgentError(of: error, about: "the decision request")
        }
    }

    /// Asks for a decision about this device, and keeps what it says.
    func askAndRemember(
        _ question: Question,
        _ tpm: DeviceTPM,
        _ born: BornInstance,
        _ journal: JournalKeeper,
        beforeSending: ([UInt8]) throws(AgentError) -> Void = { _ throws(AgentError) in }
    ) async throws(AgentError) -> DecisionAnswer {
        try await askAndRemember(question, tpm, born, journal, beforeSending: beforeSending) { client, evidence in
            let answer = try await client.decide(evidence, wantsResult: question.wantsResult)
            return (own: answer, answer: answer)
        }
    }

    /// Asks, and keeps what the answer says of the lease and of the IMA list; a lease that the answer says is lost is forgotten.
    ///
    /// A verifier that does not know the beginning of the list any more is given the whole of it.
    func askAndRemember<Answer: Sendable>(
        _ question: Question,
        _ tpm: DeviceTPM,
        _ born: BornInstance,
        _ journal: JournalKeeper,
        beforeSending: ([UInt8]) throws(AgentError) -> Void,
        present: Presentation<Answer>
    ) async throws(AgentError) -> Answer {
        do throws(AgentError) {
            let told: (own: DecisionAnswer?, answer: Answer)
            do throws(AgentError) {
                let position = journal.journal.ima
                told = try await ask(
                    question,
                    tpm,
                    born,
                    from: position,
                    beforeSending: beforeSending,
                    present: present
                )
            } catch  where error.reasons.contains(Self.listIsMissing) && journal.journal.ima != nil {
                try journal.change { $0.ima = nil }
                told = try await ask(question, tpm, born, from: nil, beforeSending: beforeSending, present: present)
            }
            guard let own = told.own else { return told.answer }
            try journal.change {
                $0.lease = own.lease
                $0.ima = own.ima
            }
            state.forgetRenewalTrouble()
            return told.answer
        } catch {
            if hasEndedLease(by: error) { try journal.change { $0.lease = nil } }
            throw error
        }
    }

    /// Whether a refusal says that the lease in the journal holds no more.
    private func hasEndedLease(by refusal: AgentError) -> Bool {
        guard Self.endsLease.isDisjoint(with: refusal.reasons) else { return true }
        // A software key that speaks here in the TPM's place has a lease of its own in the same journal.
        return refusal.reasons.contains(Self.tierIsLowered) && (try? state.speaksWithoutTPM(at: wallClock())) == false
    }

    /// Reason codes of decisions after which no lease holds.
    static let endsLease: Set<String> = ["evidence-refused", "reimaged", "drifted", "suspended", "retired"]
    /// The reason code of what a TPM is told while another key speaks for its instance.
    private static let tierIsLowered = "tier-lowered"
    /// The reason code of evidence that lacks a part of the IMA list.
    private static let listIsMissing = "ima-missing"
}
