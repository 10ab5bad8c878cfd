import Synchronization
import VerifierService

/// The clock of a service whose leases are to run out when it suits.
final class SteeredClock: Sendable {
    private enum Course {
        case standing(Int64)
        case ahead(Int64)
    }

    private let course = Mutex(Course.ahead(0))

    /// What the service reads.
    var clock: VerifierClock {
        VerifierClock {
            switch self.course.withLock({ $0 }) {
            case .standing(let seconds): seconds * 1000
            case .ahead(let seconds): VerifierClock.system.milliseconds() + seconds * 1000
            }
        }
    }

    /// Stands still from now on.
    func stand(at seconds: Int64) { course.withLock { $0 = .standing(seconds) } }

    /// Goes with the system's clock, some seconds ahead of it.
    func go(ahead seconds: Int64) { course.withLock { $0 = .ahead(seconds) } }
}
