import NIOCore
import Synchronization

/// Closes the connections of requests that take too long, whatever happens on them meanwhile.
///
/// One timer for all: a timer a request would wake the event loop twice for something that hardly ever happens.
final class RequestDeadlines: Sendable {
    private struct Open {
        var channel: any Channel
        var deadline: NIODeadline
    }

    private struct State {
        var open: [UInt64: Open] = [:]
        var begun: UInt64 = 0
        var isArmed = false
    }

    private let state = Mutex(State())
    private let limit: TimeAmount

    init(_ limit: TimeAmount) { self.limit = limit }

    /// From now on the request has its time.
    /// - Returns: what `end` takes.
    func begin(on channel: any Channel) -> UInt64 {
        let deadline = NIODeadline.now() + limit
        let (request, arms) = state.withLock { state in
            state.begun += 1
            state.open[state.begun] = Open(channel: channel, deadline: deadline)
            defer { state.isArmed = true }
            return (state.begun, !state.isArmed)
        }
        if arms { arm(channel.eventLoop, deadline) }
        return request
    }

    func end(_ request: UInt64) { state.withLock { _ = $0.open.removeValue(forKey: request) } }

    /// All requests have equally long: while the timer runs, none that begins can be due before it.
    private func arm(_ loop: any EventLoop, _ deadline: NIODeadline) {
        loop.scheduleTask(deadline: deadline) { self.closeOverdue(loop) }
    }

    private func closeOverdue(_ loop: any EventLoop) {
        let now = NIODeadline.now()
        let (overdue, next) = state.withLock { state in
            let overdue = state.open.filter { $0.value.deadline <= now }
            for request in overdue.keys { state.open[request] = nil }
            let next = state.open.values.map(\.deadline).min()
            state.isArmed = next != nil
            return (overdue.values.map(\.channel), next)
        }
        for channel in overdue { channel.close(promise: nil) }
        if let next { arm(loop, next) }
    }
}
