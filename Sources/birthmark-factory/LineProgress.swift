import CommandLineContract
import FactoryLine
import FoundationEssentials
import Messages
import Synchronization

/// Tells on standard error how a line gets on: to people as one line that changes, to programs as a line of JSON a device.
final class LineProgress: Sendable {
    private struct State {
        var done = 0
        var born = 0
        var unborn = 0
    }

    private struct Record: Encodable {
        var event: String
        var at: Int64
        var result: LineResult
        var done: Int
        var of: Int
    }

    private let total: Int
    private let bar = ProgressBar("births")
    private let start = ContinuousClock.now
    private let state = Mutex(State())

    init(of total: Int) { self.total = total }

    func tell(_ result: LineResult) {
        state.withLock { state in
            state.done += 1
            if result.outcome == .born { state.born += 1 }
            if !result.isBorn { state.unborn += 1 }
            bar.update(UInt64(state.done), of: UInt64(total), note: note(state))
            // Under the lock, so that lines come out whole and in their order.
            if !Terminal.isStandardError { StandardError.write(line(result, state.done)) }
        }
    }

    /// Leaves a clean line for what follows.
    func finish() { bar.finish() }

    private func line(_ result: LineResult, _ done: Int) -> String {
        let record = Record(event: "ended", at: UTCTime.now, result: result, done: done, of: total)
        guard let bytes = try? CanonicalJSON.encode(record) else { return "" }
        return String(decoding: bytes, as: UTF8.self) + "\n"
    }

    private func note(_ state: State) -> String {
        let minutes = (ContinuousClock.now - start) / .seconds(60)
        let rate = minutes > 0 ? Double(state.born) / minutes : 0
        let left = state.done > 0 ? minutes / Double(state.done) * Double(total - state.done) : 0
        return "\(state.done)/\(total)  \(state.unborn) not born  \(LinePage.rounded(rate))/min  "
            + "\(LinePage.rounded(left)) min left"
    }
}
