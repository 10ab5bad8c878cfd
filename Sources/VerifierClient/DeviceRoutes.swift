public import Messages

/// What a device asks.
extension VerifierClient {
    /// Fetches a challenge; the verifier keeps nothing of it, so it may be asked again.
    public func challenge(_ request: ChallengeRequest) async throws(VerifierClientError) -> ChallengeAnswer {
        let bytes = try await exchange(
            "/v1/challenges",
            body: try encoded(request),
            isRepeatable: true,
            limit: ChallengeAnswer.maximumSize
        )
        return try decoded(ChallengeAnswer.self, bytes, limit: ChallengeAnswer.maximumSize)
    }

    /// Presents evidence, once: the challenge in it is consumed by the first try, whatever becomes of the answer.
    /// - Parameter wantsResult: whether an accepted answer is to carry an attestation result for relying parties.
    public func decide(
        _ evidence: Evidence,
        wantsResult: Bool = false
    ) async throws(VerifierClientError) -> DecisionAnswer {
        let bytes = try await exchange(
            "/v1/decisions" + (wantsResult ? "?result=ear" : ""),
            body: try encoded(evidence),
            isRepeatable: false,
            limit: DecisionAnswer.maximumSize
        )
        return try decoded(DecisionAnswer.self, bytes, limit: DecisionAnswer.maximumSize)
    }

    /// Presents what an instance without a TPM shows, once.
    /// - Parameter wantsResult: whether an accepted answer is to carry an attestation result for relying parties.
    public func decide(
        _ evidence: CompensatedEvidence,
        wantsResult: Bool = false
    ) async throws(VerifierClientError) -> CompensatedAnswer {
        let bytes = try await exchange(
            "/v1/compensated-decisions" + (wantsResult ? "?result=ear" : ""),
            body: try encoded(evidence),
            isRepeatable: false,
            limit: CompensatedAnswer.maximumSize
        )
        return try decoded(CompensatedAnswer.self, bytes, limit: CompensatedAnswer.maximumSize)
    }

    /// Presents what an instance without a TPM has shown, with a gateway's word for it, once.
    /// - Parameter wantsResult: whether an accepted answer is to carry an attestation result of the instance for relying parties.
    public func decide(
        _ evidence: VouchedEvidence,
        wantsResult: Bool = false
    ) async throws(VerifierClientError) -> VouchedAnswer {
        let bytes = try await exchange(
            "/v1/vouched-decisions" + (wantsResult ? "?result=ear" : ""),
            body: try encoded(evidence),
            isRepeatable: false,
            limit: VouchedAnswer.maximumSize
        )
        return try decoded(VouchedAnswer.self, bytes, limit: VouchedAnswer.maximumSize)
    }

    /// Presents the evidence of a farewell, once, like any other.
    public func takeLeave(_ evidence: Evidence) async throws(VerifierClientError) -> FarewellAnswer {
        let bytes = try await exchange(
            "/v1/farewells",
            body: try encoded(evidence),
            isRepeatable: false,
            limit: FarewellAnswer.maximumSize
        )
        return try decoded(FarewellAnswer.self, bytes, limit: FarewellAnswer.maximumSize)
    }

    /// Presents the farewell of an instance without a TPM, once; again it is a farewell that was said before.
    public func takeLeave(_ evidence: CompensatedEvidence) async throws(VerifierClientError) -> FarewellAnswer {
        let bytes = try await exchange(
            "/v1/compensated-farewells",
            body: try encoded(evidence),
            isRepeatable: false,
            limit: FarewellAnswer.maximumSize
        )
        return try decoded(FarewellAnswer.self, bytes, limit: FarewellAnswer.maximumSize)
    }

    /// The current epoch: what requests carry that are made off line.
    public func epoch() async throws(VerifierClientError) -> Freshness {
        let bytes = try await exchange("/v1/epoch", isRepeatable: true, limit: Freshness.maximumSize)
        return try decoded(Freshness.self, bytes, limit: Freshness.maximumSize)
    }

    func encoded(_ message: some Encodable) throws(VerifierClientError) -> [UInt8] {
        do {
            return try CanonicalJSON.encode(message)
        } catch {
            throw .unusable(error.detail)
        }
    }

    func decoded<Message: Codable>(
        _ type: Message.Type,
        _ bytes: [UInt8],
        limit: Int
    ) throws(VerifierClientError) -> Message {
        do {
            return try CanonicalJSON.decode(type, from: bytes, limit: limit)
        } catch {
            throw .malformedAnswer(error.detail)
        }
    }
}
