/// What a relying party asks.
extension VerifierClient {
    /// The status list, as it is signed.
    /// - Parameter limit: the most bytes.
    public func statusList(limit: Int) async throws(VerifierClientError) -> [UInt8] {
        try await exchange("/v1/status-lists/1", isRepeatable: true, limit: limit)
    }
}
