import Messages
import Synchronization
import UpdateTrust

/// The trust bundle of a device while its agent runs: each version takes the place of the one before, for everybody who judges by it.
final class HeldTrust: Sendable {
    private let bundle: Mutex<TrustBundle>

    init(_ bundle: TrustBundle) { self.bundle = Mutex(bundle) }

    var now: TrustBundle { bundle.withLock { $0 } }

    func replace(with next: TrustBundle) { bundle.withLock { $0 = next } }
}

/// What came of looking for newer trust bundles.
public struct FollowedTrust: Hashable, Sendable, Encodable {
    /// The version that was held before.
    public var from: Int64
    /// The version that is held now.
    public var to: Int64
    /// Why the next one was not taken, when there was one; a code of `TrustRefusal`.
    public var refused: String?

    /// Whether something is held now that was not before.
    public var hasMoved: Bool { from != to }

    /// The same, where a successor that is not believed is what has to be told.
    /// - Throws: `AgentError` of kind `.refused`; the versions before that one are held.
    func believed() throws(AgentError) -> FollowedTrust {
        guard let refused, let refusal = TrustRefusal(rawValue: refused) else { return self }
        let hint =
            switch refusal {
            case .versionSkipped: "make the file again: birthmark trust export --since \(to)"
            case .noKeys:
                "the verifier was set up without people who may change it (birthmark-verifier init --trust-keys): only by hand is another trust.json put in its place"
            default: "ask the verifier's operator where it comes from"
            }
        throw AgentError(
            .refused,
            "\(refusal.sentence) Version \(to) is held.",
            hint: hint,
            reasons: [refusal.rawValue]
        )
    }
}
