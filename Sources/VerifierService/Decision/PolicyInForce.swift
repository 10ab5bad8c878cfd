import DurableFiles
import HTTPService
import Messages
import Reappraisal
import Synchronization
import UpdateTrust
import Wording

/// The policy that decisions are taken under now, with its exact bytes.
final class PolicyInForce: Sendable {
    struct Current: Sendable {
        let judged: JudgedPolicy
        let bytes: [UInt8]

        var policy: Policy { judged.policy }

        /// Reads a policy's file, with the keys and digests in it, for a verifier that can do what it says.
        /// - Throws: `MessageError` when it is no policy; `SetupError` when a rule wants more witnesses than there are, so that nothing
        ///   would ever be given out under it.
        init(parsing bytes: [UInt8], for configuration: VerifierConfiguration) throws {
            judged = try JudgedPolicy(parsing: bytes) { ZoneInfo.file(of: $0.text) }
            self.bytes = bytes
            let known = configuration.witnesses?.known.count ?? 0
            for rule in policy.rules {
                guard let wanted = rule.witnesses, wanted > known else { continue }
                throw SetupError(
                    .malformed,
                    "the policy's rule \"\(rule.id)\" wants \(Counted.of(wanted, "witness", "witnesses")) of the ledger, and the configuration names \(known)",
                    hint:
                        "name them in \"witnesses\" of config.json first, and in trust.json: birthmark-verifier init, or birthmark trust draft once a version was published"
                )
            }
        }
    }

    private let current: Mutex<(policy: Current, entry: Int)>

    init(_ current: Current) { self.current = Mutex((policy: current, entry: -1)) }

    var now: Current { current.withLock { $0.policy } }

    /// Takes up a policy that is on record.
    /// - Parameter entry: where it stands on the ledger that it came into force: of two that came at once the later one stays.
    func replace(with next: Current, since entry: Int) {
        current.withLock { held in
            guard held.entry <= entry else { return }
            held = (policy: next, entry: entry)
        }
    }
}
