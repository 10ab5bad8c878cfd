import FactoryAuthority
import Messages

/// Serves one slot: waits for a board, makes a device of it, and waits until it is taken out.
struct SlotService: Sendable {
    let slot: LineSlot
    let line: Line
    let files: BirthFiles
    let queue: HotOrders
    let profiles: [String: ProvisioningProfile]
    /// Named in commands that are told.
    let passphraseFile: String?
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
        var tried: Set<Int> = []
        var asAnother: LineResult?
        do {
            if let known = try await recognise(board) { return known }
            while let number = take(for: board, besides: tried, isAnothers: asAnother != nil) {
                tried.insert(number)
                let order = queue.orders[number]
                tell(.begun(order.order.serial))
                let device = LineDevice(order, tcti: slot.tcti, eventLog: slot.eventLog)
                let (result, reasons) = await line.attempt(device, profiles[order.profile], logs, now)
                // An order that does not fit says nothing against the board.
                switch misfit(reasons, order.order.serial, board) {
                case .serialTaken:
                    guard try queue.endSettingAside(number) else { continue }
                    tell(.setAside(result))
                    results.append(result)
                case .boardHasAnother:
                    try queue.end(number)
                case .boardHasSome:
                    try queue.end(number)
                    asAnother = result
                case nil:
                    try queue.end(number)
                    tell(.ended(result))
                    return results + [result]
                }
            }
            if let asAnother {
                tell(.ended(asAnother))
                results.append(asAnother)
            }
        } catch {
            tell(.failed(String(describing: error)))
        }
        return results
    }

    /// Why a board and an order do not belong together, though nothing is wrong with either.
    private enum Misfit {
        /// The order's number is another TPM's.
        case serialTaken
        /// The board has another number of these orders: now it is known which.
        case boardHasAnother
        /// The board has another number, the CA says, and not which.
        case boardHasSome
    }

    private func misfit(_ reasons: [BirthReason], _ serial: Label, _ board: SlotBoard) -> Misfit? {
        switch reasons.first {
        case .serialTaken(let other) where !board.digests.values.contains(other):
            _ = queue.bind(serial) { _ in other }
            return .serialTaken
        case .bornAs(let own) where own != serial:
            return queue.bind(own) { board.digests[$0] } ? .boardHasAnother : nil
        case .refusedByAuthority(_, let codes) where codes.first == BirthReason.serialTakenCode: return .serialTaken
        case .refusedByAuthority(_, let codes) where codes.first == BirthReason.bornAsCode: return .boardHasSome
        default: return nil
        }
    }

    /// What is said of a board that this station has begun or born, unless an order waits for it.
    /// - Returns: what came of it; nil for a board that may get an order.
    private func recognise(_ board: SlotBoard) async throws -> [LineResult]? {
        guard !queue.isAwaited(board.digests) else { return nil }
        for digest in board.digests.values {
            guard let journal = try files.journal(of: digest) else { continue }
            let serial = journal.order.serial
            if try files.isRetired(digest, serial) {
                tell(.known(serial, .retired))
            } else if try files.birth(of: serial) == nil {
                tell(.known(serial, .begun))
            } else {
                return await look(at: journal)
            }
            return []
        }
        return nil
    }

    /// Finds out whether a board that was born is what it was, and puts back what a clear has taken.
    private func look(at journal: BirthJournal) async -> [LineResult] {
        let profile = profiles.first { $0.value == journal.profile }?.key
        let device = LineDevice(journal.order, profile: profile ?? "\(journal.profile.name).json", tcti: slot.tcti)
        var (result, reasons) = await line.attempt(device, journal.profile, logs, now)
        guard result.isBorn else {
            if case .securityFloorUnknown = reasons.first {
                result.hint =
                    "ask the verifier for N (birthmark device show \(result.serial), floor), then: "
                    + ProvisioningWords(device, at: files.directory, passphraseFile: passphraseFile)
                    .text(securityFloor: "N")
            }
            tell(.notWhole(result))
            return [result]
        }
        guard result.restored != nil else {
            tell(.known(result.serial, .born))
            return []
        }
        tell(.restored(result))
        return [result]
    }

    /// The order that a board is to be made by; nil when there is none, which is then told.
    ///
    /// Orders that were set aside come last: the board may be the one that has the number, and nobody here knows it.
    /// - Parameter isAnothers: whether the CA has said that it has some number.
    private func take(for board: SlotBoard, besides tried: Set<Int>, isAnothers: Bool) -> Int? {
        if isAnothers { return queue.takeSetAside(besides: tried) }
        let next = queue.takeAgain(board.digests) ?? queue.takeNext(in: slot.name)
        if let number = next ?? queue.takeSetAside(besides: tried) { return number }
        tell(.noOrder(waiting: queue.waiting))
        return nil
    }
}
