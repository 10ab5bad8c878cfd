import Synchronization

/// A bar on standard error for work that takes more than a moment; silent unless a person watches a terminal.
public final class ProgressBar: Sendable {
    private struct State {
        var fraction = -1.0
        var drawnAt: ContinuousClock.Instant?
    }

    private let label: String
    private let isShown: Bool
    // Work may be reported from any thread.
    private let state = Mutex(State())

    /// Twelve drawings a second look smooth and cost nothing.
    private static let interval: Duration = .milliseconds(80)

    /// Begins a bar.
    public init(_ label: String) {
        self.label = label
        self.isShown = Terminal.isStandardError
    }

    /// Says how much of the work is done, in any unit: bytes, devices.
    /// - Parameter note: what else is worth saying of it; stands behind the bar.
    public func update(_ done: UInt64, of total: UInt64, note: @autoclosure () -> String = "") {
        guard isShown else { return }
        let fraction = min(Double(done) / Double(max(total, 1)), 1)
        let isDue = state.withLock { state in
            let now = ContinuousClock.now
            if let last = state.drawnAt, now - last < Self.interval, fraction < 1 { return false }
            guard fraction != state.fraction else { return false }
            state.fraction = fraction
            state.drawnAt = now
            return true
        }
        if isDue { StandardError.write("\r" + line(fraction, note())) }
    }

    /// Takes the bar away, so that what follows stands on a clean line.
    public func finish() {
        guard isShown else { return }
        StandardError.write("\r\u{1B}[K")
    }

    private func line(_ fraction: Double, _ note: String) -> String {
        let percent = "\(Int(fraction * 100))%" + (note.isEmpty ? "" : "  " + note)
        let width = max(Terminal.columns - label.count - percent.count - 6, 10)
        let filled = Int(fraction * Double(width))
        let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: width - filled)
        return "\(label) [\(bar)] \(percent)\u{1B}[K"
    }
}
