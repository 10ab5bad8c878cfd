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

    /// What an operator has signed for an act, by the digest that its entries name.
    public func act(_ digest: ContentDigest) async throws(VerifierClientError) -> SignedAct {
        try await get("/v1/acts/\(digest)", limit: SignedAct.maximumSize)
    }

    /// What a decision rested on, by the digest of the entry that states it; `nil` when the archive has nothing of it, or no longer.
    public func archived(_ entry: ContentDigest) async throws(VerifierClientError) -> ArchivedReport? {
        do throws(VerifierClientError) {
            let report: ArchivedReport = try await get("/v1/archive/\(entry)", limit: ArchivedReport.maximumSize)
            return report
        } catch {
            guard case .problem(let problem) = error, problem.kind == .notFound else { throw error }
            return nil
        }
    }

    /// What the decisions of a span of time rested on.
    /// - Parameters:
    ///   - times: seconds since 1970.
    ///   - mark: where an earlier page says to go on.
    public func archive(
        _ times: Range<Int64>,
        after mark: ArchivePage.Mark?
    ) async throws(VerifierClientError) -> ArchivePage {
        let after = mark.map { "&after=\($0.text)" } ?? ""
        return try await get(
            "/v1/archive?from=\(times.lowerBound)&to=\(times.upperBound)\(after)",
            limit: ArchivePage.maximumSize
        )
    }

    /// An event log, or a list of what Linux measured; `nil` when the verifier does not have it.
    public func eventLog(_ digest: ContentDigest) async throws(VerifierClientError) -> [UInt8]? {
        do throws(VerifierClientError) {
            return try await exchange("/v1/logs/\(digest)", isRepeatable: true, limit: IMAListPart.maximumSize)
        } catch {
            guard case .problem(let problem) = error, problem.kind == .notFound else { throw error }
            return nil
        }
    }

    /// A grant as it was given: a JWS in compact form.
    public func grant(_ jti: String) async throws(VerifierClientError) -> String {
        String(decoding: try await exchange("/v1/grants/\(jti)", isRepeatable: true, limit: 16 << 10), as: UTF8.self)
    }
}
