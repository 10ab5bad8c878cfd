import DurableFiles
import HTTPService
import Messages
import Reappraisal
import Synchronization
import UpdateTrust

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
                    "the policy's rule \"\(rule.id)\" wants \(wanted) witnesses of the ledger, and the configuration names \(known)",
                    hint:
                        "name them in \"witnesses\" of config.json first, and in trust.json: birthmark-verifier init, or birthmark trust draft once a version was published"
                )
            }
        }
    }

    private let current: Mutex<Current>

    init(_ current: Current) { self.current = Mutex(current) }

    var now: Current { current.withLock { $0 } }

    func replace(with next: Current) { current.withLock { $0 = next } }
}
