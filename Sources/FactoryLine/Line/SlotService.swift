import FactoryAuthority
import Messages

/// Serves one slot: waits for a board, makes a device of it, and waits until it is taken out.
struct SlotService: Sendable {
    let slot: LineSlot
    let line: Line
    let files: BirthFiles
    let queue: HotOrders
    let profiles: [String: ProvisioningProfile]
    let logs: @Sendable (String) throws -> [UInt8]
    let now: @Sendable () -> Int64
    let tell: @Sendable (SlotEvent) -> Void

    /// - Returns: what became of the boards that were worked on.
    func run(until isOver: () -> Bool) async -> [LineResult] {
        var results: [LineResult] = []
        var last: SlotBoard?
        // What was said of a slot without a usable board; said once, and again when it changes.
        var said: String?
        while !isOver() {
            switch await SlotLook.into(slot, after: last, profiles: profiles) {
            case .nothing:
                last = nil
                if said != "" { tell(.waiting) }
                said = ""
            case .unready(let detail):
                if said != detail { tell(.unready(detail)) }
                said = detail
            case .board(let board, let isNew):
                last = board
                said = nil
                // One board is worked on once, whatever comes of it, until it is taken out and put in again.
                if isNew { results += await work(on: board) }
            }
            try? await Task.sleep(for: HotLine.interval)
        }
        return results
    }

    private func work(on board: SlotBoard) async -> [LineResult] {
        do {
            while let number = try take(for: board) {
                let order = queue.orders[number]
                tell(.begun(order.order.serial))
                let device = LineDevice(order, tcti: slot.tcti, eventLog: slot.eventLog)
                let (result, reasons) = await line.attempt(device, profiles[order.profile], logs, now)
                try queue.end(number)
                // The order did not fit, and the board may be good: now it is known which one does.
                if !isOrdersFault(reasons, order.order.serial, board) {
                    tell(.ended(result))
                    return [result]
                }
            }
        } catch {
            tell(.failed(String(describing: error)))
        }
        return []
    }

    /// Whether a board was refused because its order's number, or another number of these orders, is somebody's already.
    private func isOrdersFault(_ reasons: [BirthReason], _ serial: Label, _ board: SlotBoard) -> Bool {
        switch reasons.first {
        case .serialTaken(let other) where !board.digests.values.contains(other): queue.bind(serial) { _ in other }
        case .bornAs(let own) where own != serial: queue.bind(own) { board.digests[$0] }
        default: false
        }
    }

    /// The order that a board is to be made by; nil when there is none, which is then told.
    private func take(for board: SlotBoard) throws -> Int? {
        if let number = queue.takeAgain(board.digests) { return number }
        for digest in board.digests.values {
            guard let serial = try files.journal(of: digest)?.order.serial else { continue }
            let isRetired = try files.isRetired(digest, serial)
            tell(.known(serial, isRetired ? .retired : try files.birth(of: serial) == nil ? .begun : .born))
            return nil
        }
        if let number = queue.takeNext(in: slot.name) { return number }
        tell(.noOrder(waiting: queue.waiting))
        return nil
    }
}
