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
        let bytes = try await client.exchange(
            "/v1/enrolment/challenges",
            body: try client.encoded(request),
            isRepeatable: true,
            limit: EnrolmentChallenge.maximumSize
        )
        return try client.decoded(EnrolmentChallenge.self, bytes, limit: EnrolmentChallenge.maximumSize)
    }

    /// Presents the certification request, once: the challenge in it is consumed by the first try.
    ///
    /// When the answer is lost, the whole enrolment is asked again; the same certificates come back.
    public func enrol(_ answer: EnrolmentAnswer) async throws(VerifierClientError) -> EnrolmentCertificates {
        let bytes = try await client.exchange(
            "/v1/enrolment/certificates",
            body: try client.encoded(answer),
            isRepeatable: false,
            limit: EnrolmentCertificates.maximumSize
        )
        return try client.decoded(EnrolmentCertificates.self, bytes, limit: EnrolmentCertificates.maximumSize)
    }
}
