public import Messages

/// The versions of what a verifier's devices trust: each proves itself by its signatures, whoever hands it on.
extension VerifierClient {
    /// The trust bundle of a version in the envelope that people have signed; `nil` when there is none (yet).
    ///
    /// Nobody has judged it.
    public func trust(_ version: Int64) async throws(VerifierClientError) -> SignedEnvelope? {
        let bytes: [UInt8]
        do throws(VerifierClientError) {
            bytes = try await exchange(
                "/v1/trust/\(version)",
                isRepeatable: true,
                limit: TrustChain.maximumEnvelopeSize
            )
        } catch {
            // A verifier, or a gateway, of before there were versions says the same of the whole route.
            if case .problem(let problem) = error, problem.kind == .notFound { return nil }
            throw error
        }
        do throws(MessageError) {
            return try SignedEnvelope(parsing: bytes)
        } catch {
            throw .malformedAnswer(error.detail)
        }
    }

    /// The same from whoever answers at an address: its certificate is not judged.
    ///
    /// For those who were away while its CA was changed. Nothing else may ever be asked like this, so that nobody is given the client.
    /// - Parameter url: `https://host:port`.
    public static func trust(
        _ version: Int64,
        fromWhoeverAnswersAt url: String,
        limits: Limits = Limits()
    ) async throws -> SignedEnvelope? {
        try await with(url: url, tlsRoots: nil, identity: nil, limits: limits) { try await $0.trust(version) }
    }
}
