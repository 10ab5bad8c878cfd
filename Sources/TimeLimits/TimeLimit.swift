public import Glibc
import Synchronization

/// The time that a process may take, which may be over before anybody knows which process that is.
///
/// Nothing is killed after the process has ended: its number is somebody else's then.
public final class TimeLimit: Sendable {
    private struct State {
        var target: pid_t?
        var isOver = false
        var isOverdue = false
    }

    private let state = Mutex(State())

    private init() {}

    /// Has a process run for a bounded time.
    /// - Parameters:
    ///   - seconds: until the process is killed (SIGKILL).
    ///   - body: runs it, says which it is (``began(_:)``), and returns when it has ended.
    /// - Returns: what `body` returned, and whether the time was over before that.
    /// - Throws: what `body` throws.
    public static func within<Outcome>(
        seconds: Int64,
        _ body: (TimeLimit) async throws -> Outcome
    ) async throws -> (outcome: Outcome, isOverdue: Bool) {
        let limit = TimeLimit()
        let alarm = Task {
            try await Task.sleep(for: .seconds(seconds))
            limit.expire()
        }
        defer {
            alarm.cancel()
            limit.end()
        }
        let outcome = try await body(limit)
        return (outcome: outcome, isOverdue: limit.end())
    }

    /// Says which process it is.
    /// - Parameter target: as kill(2) takes it: a process's id, or minus the id of a process group for everything in it.
    public func began(_ target: pid_t) {
        state.withLock { state in
            state.target = target
            if state.isOverdue { _ = kill(target, SIGKILL) }
        }
    }

    @discardableResult
    private func end() -> Bool {
        state.withLock { state in
            state.isOver = true
            return state.isOverdue
        }
    }

    private func expire() {
        state.withLock { state in
            guard !state.isOver else { return }
            state.isOverdue = true
            if let target = state.target { _ = kill(target, SIGKILL) }
        }
    }
}
