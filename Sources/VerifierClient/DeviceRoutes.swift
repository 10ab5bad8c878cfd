public import Messages

/// What a device asks.
extension VerifierClient {
    /// Fetches a challenge; the verifier keeps nothing of it, so it may be asked again.
    public func challenge(_ request: ChallengeRequest) async throws(VerifierClientError) -> ChallengeAnswer {
        try await post("/v1/challenges", request, limit: ChallengeAnswer.maximumSize, isRepeatable: true)
    }

    /// Presents evidence, once: the challenge in it is consumed by the first try, whatever becomes of the answer.
    /// - Parameter wantsResult: whether an accepted answer is to carry an attestation result for relying parties.
    public func decide(
        _ evidence: Evidence,
        wantsResult: Bool = false
    ) async throws(VerifierClientError) -> DecisionAnswer {
        try await post(
            "/v1/decisions" + (wantsResult ? "?result=ear" : ""),
            evidence,
            limit: DecisionAnswer.maximumSize
        )
    }

    /// Presents what an instance without a TPM shows, once.
    /// - Parameter wantsResult: whether an accepted answer is to carry an attestation result for relying parties.
    public func decide(
        _ evidence: CompensatedEvidence,
        wantsResult: Bool = false
    ) async throws(VerifierClientError) -> CompensatedAnswer {
        try await post(
            "/v1/compensated-decisions" + (wantsResult ? "?result=ear" : ""),
            evidence,
            limit: CompensatedAnswer.maximumSize
        )
    }

    /// Presents what an instance without a TPM has shown, with a gateway's word for it, once.
    /// - Parameter wantsResult: whether an accepted answer is to carry an attestation result of the instance for relying parties.
    public func decide(
        _ evidence: VouchedEvidence,
        wantsResult: Bool = false
    ) async throws(VerifierClientError) -> VouchedAnswer {
        try await post(
            "/v1/vouched-decisions" + (wantsResult ? "?result=ear" : ""),
            evidence,
            limit: VouchedAnswer.maximumSize
        )
    }

    /// Presents the evidence of a farewell, once, like any other.
    public func takeLeave(_ evidence: Evidence) async throws(VerifierClientError) -> FarewellAnswer {
        try await post("/v1/farewells", evidence, limit: FarewellAnswer.maximumSize)
    }

    /// Presents the farewell of an instance without a TPM, once; again it is a farewell that was said before.
    public func takeLeave(_ evidence: CompensatedEvidence) async throws(VerifierClientError) -> FarewellAnswer {
        try await post("/v1/compensated-farewells", evidence, limit: FarewellAnswer.maximumSize)
    }

    /// The current epoch: what requests carry that are made off line.
    public func epoch() async throws(VerifierClientError) -> Freshness {
        try await get("/v1/epoch", limit: Freshness.maximumSize)
    }
}
