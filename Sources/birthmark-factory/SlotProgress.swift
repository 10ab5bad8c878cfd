import CommandLineContract
import FactoryLine
import Messages
import Synchronization

/// Tells on standard error what a hot station's slots do: to people a line a slot, drawn anew, to programs a line of JSON
/// an event.
final class SlotProgress: Sendable {
    private struct State {
        var words: [Label: String] = [:]
        var born = 0
        var isDrawn = false
    }

    private struct Record: Encodable {
        var event: String
        var at: Int64
        var slot: Label
        var serial: Label?
        var result: LineResult?
        var detail: String?
        var born: Int
        var of: Int
    }

    private let slots: [Label]
    private let total: Int
    private let state = Mutex(State())

    init(_ slots: [Label], of total: Int) {
        self.slots = slots
        self.total = total
    }

    func tell(_ slot: LineSlot, _ event: SlotEvent, born: Int) {
        // Under the lock, so that lines come out whole and in their order.
        state.withLock { state in
            state.born = born
            state.words[slot.name] = event.words
            if Terminal.isStandardError {
                draw(&state, above: event.explanation.map { "\(slot.name): \($0)\n" } ?? "")
            } else {
                StandardError.write(line(slot, event, born))
            }
        }
    }

    /// Leaves a clean line for what follows.
    func finish() { state.withLock { $0.isDrawn = false } }

    private func draw(_ state: inout State, above text: String) {
        let width = slots.map(\.text.count).max() ?? 0
        let lines = slots.map { slot in
            slot.text + String(repeating: " ", count: width - slot.text.count + 2) + (state.words[slot] ?? "")
        }
        let back = state.isDrawn ? "\u{1B}[\(lines.count + 1)A\r\u{1B}[J" : ""
        let board = lines + ["\(state.born) of \(total) are born"]
        StandardError.write(back + text + board.map { $0.prefix(Terminal.columns - 1) + "\n" }.joined())
        state.isDrawn = true
    }

    private func line(_ slot: LineSlot, _ event: SlotEvent, _ born: Int) -> String {
        let record = Record(
            event: event.code,
            at: UTCTime.now,
            slot: slot.name,
            serial: event.serial,
            result: event.result,
            detail: event.detail,
            born: born,
            of: total
        )
        guard let bytes = try? CanonicalJSON.encode(record) else { return "" }
        return String(decoding: bytes, as: UTF8.self) + "\n"
    }
}

extension SlotEvent {
    /// What scripts see; it never changes.
    fileprivate var code: String {
        switch self {
        case .waiting: "waiting"
        case .unready: "unready"
        case .begun: "begun"
        case .ended: "ended"
        case .setAside: "set-aside"
        case .restored: "restored"
        case .notWhole: "not-whole"
        case .known: "known"
        case .noOrder: "no-order"
        case .failed: "failed"
        }
    }

    fileprivate var serial: Label? {
        switch self {
        case .begun(let serial), .known(let serial, _): serial
        case .ended(let result), .setAside(let result), .restored(let result), .notWhole(let result): result.serial
        case .waiting, .unready, .noOrder, .failed: nil
        }
    }

    fileprivate var result: LineResult? {
        switch self {
        case .ended(let result), .setAside(let result), .restored(let result), .notWhole(let result): result
        case .waiting, .unready, .begun, .known, .noOrder, .failed: nil
        }
    }

    fileprivate var detail: String? {
        switch self {
        case .unready(let detail), .failed(let detail): detail
        case .known(_, let standing): standing.rawValue
        case .noOrder(let waiting): waiting.map(\.text).joined(separator: " ")
        case .waiting, .begun, .ended, .setAside, .restored, .notWhole: nil
        }
    }

    /// What a slot does and what the operator may do, short enough for a line.
    fileprivate var words: String {
        switch self {
        case .waiting: "put the next board in"
        case .unready: "the TPM is not ready"
        case .begun(let serial): "\(serial) is being born: leave it in"
        case .ended(let result):
            result.isBorn
                ? "\(result.serial) is born: take it out"
                : "NOT BORN, set it aside (\(result.cause ?? "malfunction")): take it out"
        case .setAside(let result): "\(result.serial) is left aside, the board gets another order: leave it in"
        case .restored(let result): "\(result.serial) had been cleared and is whole again: take it out"
        case .notWhole(let result):
            "\(result.serial) IS NOT WHOLE (\(result.cause ?? "malfunction")): take it out"
        case .known(let serial, let standing): "was \(standing.rawValue) before, as \(serial): take it out"
        case .noOrder: "nothing is left to make of this board: take it out"
        case .failed: "the station failed: take the board out"
        }
    }

    /// What needs more than a line, with what to do.
    fileprivate var explanation: String? {
        switch self {
        case .unready(let detail), .failed(let detail): detail
        case .ended(let result) where !result.isBorn:
            "not born as \(result.serial): \(result.account)"
        case .setAside(let result): "the order \(result.serial) is left aside: \(result.account)"
        case .notWhole(let result): "born as \(result.serial) before: \(result.account)"
        case .restored(let result):
            "put back into \(result.serial): \((result.restored ?? []).joined(separator: ", "))"
        case .known(let serial, .begun):
            "this board was begun as \(serial), which this list does not order"
        case .known(let serial, .retired):
            "this board was \(serial) until it was swapped; it is never born again"
        case .noOrder(let waiting) where !waiting.isEmpty:
            "begun on other boards, put those in again: \(waiting.map(\.text).joined(separator: ", "))"
        case .waiting, .begun, .ended, .known, .noOrder: nil
        }
    }
}

extension LineResult {
    /// Why, and what to do.
    fileprivate var account: String { (detail ?? "") + (hint.map { "\n  \($0)" } ?? "") }
}
