import Appraisal
import DurableFiles
import Messages
import Synchronization
import UpdateTrust

/// The policy that decisions are taken under now, with its exact bytes.
final class PolicyInForce: Sendable {
    struct Current: Sendable {
        let policy: Policy
        let bytes: [UInt8]
        /// What IMA lists are judged by, by the id of the policy's rules for them.
        let ima: [Label: IMAPolicy]

        /// Reads a policy's file, with the keys and digests in it.
        init(parsing bytes: [UInt8]) throws(MessageError) {
            let policy = try Policy(parsing: bytes) { ZoneInfo.file(of: $0.text) }
            var ima: [Label: IMAPolicy] = [:]
            for (id, rules) in policy.ima { ima[id] = try IMAPolicy(rules) }
            self.policy = policy
            self.bytes = bytes
            self.ima = ima
        }
    }

    private let current: Mutex<Current>

    init(_ current: Current) { self.current = Mutex(current) }

    var now: Current { current.withLock { $0 } }

    func replace(with next: Current) { current.withLock { $0 = next } }
}
