import CommandLineContract
import FactoryLine
import FoundationEssentials
import Glibc
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
    private let start = ContinuousClock.now
    private let state = Mutex(State())

    init(of total: Int) { self.total = total }

    func tell(_ event: Line.Event) {
        guard case .ended(let result) = event else { return }
        state.withLock { state in
            state.done += 1
            if result.outcome == .born { state.born += 1 }
            if !result.isBorn { state.unborn += 1 }
            // Under the lock, so that lines come out whole and in their order.
            StandardError.write(Terminal.isStandardError ? bar(state) : line(result, state.done))
        }
    }

    /// Leaves a clean line for what follows.
    func finish() {
        if Terminal.isStandardError { StandardError.write("\r\u{1B}[K") }
    }

    private func line(_ result: LineResult, _ done: Int) -> String {
        let record = Record(event: "ended", at: UTCTime.now, result: result, done: done, of: total)
        guard let bytes = try? CanonicalJSON.encode(record) else { return "" }
        return String(decoding: bytes, as: UTF8.self) + "\n"
    }

    private func bar(_ state: State) -> String {
        let minutes = (ContinuousClock.now - start) / .seconds(60)
        let rate = minutes > 0 ? Double(state.born) / minutes : 0
        let filled = 20 * state.done / max(total, 1)
        let left = state.done > 0 ? minutes / Double(state.done) * Double(total - state.done) : 0
        return "\r\u{1B}[K[\(String(repeating: "#", count: filled))\(String(repeating: ".", count: 20 - filled))] "
            + "\(state.done)/\(total)  \(state.unborn) not born  \(LinePage.rounded(rate))/min  "
            + "\(LinePage.rounded(left)) min left"
    }
}

/// Whether somebody asked the program to end (SIGINT, SIGTERM); asked a second time it ends at once.
final class Interrupt: Sendable {
    private static let asked = Atomic(false)

    init() {
        for number in [SIGINT, SIGTERM] {
            _ = signal(number) { number in
                if Interrupt.asked.exchange(true, ordering: .relaxed) { _exit(128 + number) }
            }
        }
    }

    var wasAsked: Bool { Self.asked.load(ordering: .relaxed) }
}
