public import Messages

/// What operators do about keys.
extension VerifierClient {
    /// Publishes the trust bundle that follows the newest one; the same again is answered again.
    public func publishTrust(_ envelope: SignedEnvelope) async throws(VerifierClientError) -> TrustReport {
        try await post("/v1/trust", envelope, limit: TrustReport.maximumSize, isRepeatable: true)
    }

    /// Every key that the verifier knows, and how it stands.
    public func keys() async throws(VerifierClientError) -> KeyList {
        try await get("/v1/keys", limit: KeyList.maximumSize)
    }

    /// Says that a key is in other hands, or what would be ended if it was said.
    public func reportCompromise(_ order: CompromiseOrder) async throws(VerifierClientError) -> CompromiseReport {
        try await post(
            "/v1/keys/compromised",
            order,
            limit: CompromiseReport.maximumSize,
            isRepeatable: true
        )
    }
}
