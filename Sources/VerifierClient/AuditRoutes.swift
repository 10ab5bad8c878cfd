public import Messages

/// What an auditor takes away; it is judged without the verifier afterwards.
extension VerifierClient {
    /// Entries of the ledger about an instance, a release or a policy.
    /// - Parameters:
    ///   - subject: the kind and the name: `instance/<id>`, `release/<digest>`, `policy/<digest>`.
    ///   - index: the place to begin at.
    public func ledgerPage(about subject: String, from index: Int) async throws(VerifierClientError) -> LedgerPage {
        try await get("/v1/ledger/about/\(subject)?from=\(index)", limit: LedgerPage.maximumSize)
    }

    /// The birth record of an instance, in the station's envelope.
    public func birth(of instance: InstanceID) async throws(VerifierClientError) -> SignedEnvelope {
        try await get("/v1/instances/\(instance)/birth", limit: SignedEnvelope.maximumSize)
    }

    /// A station's statement that it has put the identity of an instance back.
    public func restoration(
        _ number: UInt32,
        of instance: InstanceID
    ) async throws(VerifierClientError) -> SignedEnvelope {
        try await get("/v1/instances/\(instance)/restorations/\(number)", limit: SignedEnvelope.maximumSize)
    }

    /// A release, in its makers' envelope.
    public func release(_ manifest: ContentDigest) async throws(VerifierClientError) -> SignedEnvelope {
        try await get("/v1/releases/\(manifest)", limit: SignedEnvelope.maximumSize)
    }

    /// The file of a policy that is or was in force.
    public func policyFile(
        _ digest: ContentDigest,
        limit: Int
    ) async throws(VerifierClientError) -> [UInt8] {
        try await exchange("/v1/policies/\(digest)", isRepeatable: true, limit: limit)
    }

    /// A grant as it was given: a JWS in compact form.
    public func grant(_ jti: String) async throws(VerifierClientError) -> String {
        String(decoding: try await exchange("/v1/grants/\(jti)", isRepeatable: true, limit: 16 << 10), as: UTF8.self)
    }
}
