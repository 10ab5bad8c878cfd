/// What a witness of ledgers answers to `POST /add-checkpoint` (C2SP tlog-witness).
public enum LedgerWitnessAnswer: Hashable, Sendable {
    /// 200: its signature lines, which nobody has judged yet.
    case cosigned([UInt8])
    /// 409: it stands at another size.
    case otherSize(Int)
    /// Anything else.
    case refused(status: Int)
}

/// Witnesses of ledgers, as a ledger's keeper asks them.
extension VerifierClient {
    /// Runs `body` with a client of a witness.
    /// - Parameters:
    ///   - url: `https://host:port`, the witness's submission prefix.
    ///   - tlsRoots: the CA certificates (PEM) that its certificate must chain to, and no others.
    public static func with<Result: Sendable>(
        ledgerWitnessAt url: String,
        tlsRoots: String,
        limits: Limits,
        _ body: (VerifierClient) async throws -> Result
    ) async throws -> Result {
        try await with(url: url, tlsRoots: tlsRoots, identity: nil, limits: limits, body)
    }

    /// Asks the witness to cosign.
    /// - Parameter request: the body, `Ledger.AddCheckpoint.bytes`.
    public func addCheckpoint(_ request: [UInt8]) async throws(VerifierClientError) -> LedgerWitnessAnswer {
        let answer = try await say("/add-checkpoint", request, limit: Self.maximumLines)
        switch answer.status {
        case 200: return .cosigned(answer.body)
        case 409:
            let text = String(decoding: answer.body, as: UTF8.self)
            guard text.hasSuffix("\n"), let size = Int(text.dropLast()), size >= 0, "\(size)\n" == text else {
                throw .malformedAnswer("409 without a size")
            }
            return .otherSize(size)
        default: return .refused(status: answer.status)
        }
    }

    /// A line of a witness is some 150 bytes; those with several keys send several.
    private static let maximumLines = 16 << 10
}
