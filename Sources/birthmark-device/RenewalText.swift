import CommandLineContract
import DeviceAgent
import Messages
import Wording

extension RenewalEvent {
    /// The event for people, in one line.
    var line: String {
        switch event {
        case .renewed: sentence("renewed", [unconfirmed.map { "an installed update was not confirmed: \($0)" }])
        case .confirmed: sentence("confirmed", [confirmed.map { "\($0.name) \($0.version) runs" }])
        case .undecided: sentence("not renewed", [trouble?.because])
        case .refused: sentence("refused", [trouble?.because])
        case .malformed: sentence("ended", [trouble?.because])
        case .busy: sentence("waiting", ["another birthmark-device is at work"])
        case .lapsed: sentence("lapsed", [])
        case .stopped: sentence("stopped", [])
        }
    }

    private func sentence(_ word: String, _ details: [String?]) -> String {
        let rest = details + [standing, failing, next.map { "next attempt by \(UTCTime.text($0))" }]
        return "\(word): " + rest.compactMap { $0 }.joined(separator: "; ")
    }

    private var standing: String {
        guard let lease else { return "no lease" }
        return (leaseHolds ? "lease until " : "the lease ended at ") + UTCTime.text(lease.expires)
    }

    private var failing: String? {
        trouble.map { "not renewed since \(UTCTime.text($0.since)), \(Counted.of($0.attempts, "attempt"))" }
    }
}
