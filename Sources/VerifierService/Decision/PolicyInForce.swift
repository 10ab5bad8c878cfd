import DurableFiles
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

        /// Reads a policy's file, with the keys and digests in it.
        init(parsing bytes: [UInt8]) throws(MessageError) {
            judged = try JudgedPolicy(parsing: bytes) { ZoneInfo.file(of: $0.text) }
            self.bytes = bytes
        }
    }

    private let current: Mutex<Current>

    init(_ current: Current) { self.current = Mutex(current) }

    var now: Current { current.withLock { $0 } }

    func replace(with next: Current) { current.withLock { $0 = next } }
}
