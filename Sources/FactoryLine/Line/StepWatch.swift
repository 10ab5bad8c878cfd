import Synchronization

/// How long one birth and its steps take.
final class StepWatch: Sendable {
    private struct State {
        var step: (name: String, since: ContinuousClock.Instant)?
        var steps: [String: Int64] = [:]
    }

    private let start = ContinuousClock.now
    private let state = Mutex(State())

    /// Ends the step before, and begins one; a step that is begun again adds up.
    func begin(_ step: BirthStep) { change(to: step.rawValue) }

    /// - Returns: microseconds of the whole, and of each step.
    func stop() -> (whole: Int64, steps: [String: Int64]) {
        change(to: nil)
        return ((ContinuousClock.now - start).microseconds, state.withLock(\.steps))
    }

    private func change(to next: String?) {
        let now = ContinuousClock.now
        state.withLock { state in
            if let step = state.step { state.steps[step.name, default: 0] += (now - step.since).microseconds }
            state.step = next.map { ($0, now) }
        }
    }
}

extension Duration {
    var microseconds: Int64 { Int64(self / .microseconds(1)) }
}
