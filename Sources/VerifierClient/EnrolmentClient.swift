public import Messages

/// Speaks to one factory's CA: what a station asks of it.
public struct EnrolmentClient: Sendable {
    private let client: VerifierClient

    /// Runs `body` with a client, and closes its connections whatever happens.
    /// - Parameter identity: the station's certificate and key.
    public static func with<Result: Sendable>(
        _ bundle: AuthorityBundle,
        identity: OperatorIdentity,
        _ body: (EnrolmentClient) async throws -> Result
    ) async throws -> Result {
        try await VerifierClient.with(url: bundle.url, tlsRoots: bundle.tlsRoots, identity: identity) { client in
            try await body(EnrolmentClient(client: client))
        }
    }

    /// Whether the TPM may be enrolled, and a credential for it; may be asked again.
    public func challenge(_ request: EnrolmentRequest) async throws(VerifierClientError) -> EnrolmentChallenge {
        try await client.post(
            "/v1/enrolment/challenges",
            request,
            limit: EnrolmentChallenge.maximumSize,
            isRepeatable: true
        )
    }

    /// Presents the certification request, once: the challenge in it is consumed by the first try.
    ///
    /// When the answer is lost, the whole enrolment is asked again; the same certificates come back.
    public func enrol(_ answer: EnrolmentAnswer) async throws(VerifierClientError) -> EnrolmentCertificates {
        try await client.post("/v1/enrolment/certificates", answer, limit: EnrolmentCertificates.maximumSize)
    }
}
