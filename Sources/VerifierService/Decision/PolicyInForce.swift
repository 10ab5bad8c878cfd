import Synchronization
import UpdateTrust

/// The policy that decisions are taken under now, with its exact bytes.
final class PolicyInForce: Sendable {
    struct Current: Sendable {
        var policy: Policy
        var bytes: [UInt8]
    }

    private let current: Mutex<Current>

    init(_ current: Current) { self.current = Mutex(current) }

    var now: Current { current.withLock { $0 } }

    func replace(with next: Current) { current.withLock { $0 = next } }
}
