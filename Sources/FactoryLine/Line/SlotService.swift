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
        var results: [LineResult] = []
        do {
            while true {
                guard let number = try take(for: board) else { return results }
                let order = queue.orders[number]
                tell(.begun(order.order.serial))
                let device = LineDevice(order, tcti: slot.tcti, eventLog: slot.eventLog)
                let result = await line.make(device, profiles[order.profile], logs, now)
                results.append(result)
                // The order was at fault, not the board: another TPM has its number, whoever gave it.
                let isHeld = result.reasons == ["serial-taken"]
                try queue.end(number, isHeld: isHeld)
                guard isHeld else {
                    tell(.ended(result))
                    return results
                }
            }
        } catch {
            tell(.failed(String(describing: error)))
            return results
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
