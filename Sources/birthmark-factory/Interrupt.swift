import Glibc
import Synchronization

/// Whether somebody asked the program to end (SIGINT, SIGTERM); asked a second time it ends at once.
enum Interrupt {
    private static let asked = Atomic(false)

    static func listen() {
        for number in [SIGINT, SIGTERM] {
            _ = signal(number) { number in
                if Interrupt.asked.exchange(true, ordering: .relaxed) { _exit(128 + number) }
            }
        }
    }

    static var wasAsked: Bool { asked.load(ordering: .relaxed) }
}
