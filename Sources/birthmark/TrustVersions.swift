import CommandLineContract
import Messages
import UpdateTrust
import VerifierClient

extension TrustChain {
    /// Reads what birthmark trust export has written; none of it is judged yet.
    static func read(_ path: String) throws(CommandFailure) -> TrustChain {
        let bytes = try InputFile.read(path, limit: maximumSize, what: "the trust bundles")
        return try parsing(path, of: "birthmark trust export --out") { () throws(MessageError) in
            try TrustChain(parsing: bytes)
        }
    }
}

extension TrustStep {
    /// The step to the next version, judged by the bundle that is held.
    /// - Parameter source: where the envelope comes from, for people.
    static func judged(
        _ envelope: SignedEnvelope,
        after held: TrustBundle,
        from source: String
    ) throws(CommandFailure) -> TrustStep {
        switch judge(envelope, after: held) {
        case .success(let step): return step
        case .failure(let refusal): throw CommandFailure(refusal, source)
        }
    }
}

extension TrustBundle {
    /// The envelope of a version, from whoever answers at the bundle's address.
    func askAnybody(for version: Int64) async throws -> SignedEnvelope? {
        try await VerifierClient.trust(version, fromWhoeverAnswersAt: url)
    }
}
