public import Messages

/// A hot station: boards are put into its slots one after the other, and each is born as the next device of an order list.
public struct HotLine: Sendable {
    private let station: Station
    private let slots: [LineSlot]
    private let orders: [LineOrder]
    private let profiles: [String: ProvisioningProfile]
    private let passphraseFile: String?

    /// How long a slot is left alone between two looks: shorter than a hand needs to change a board.
    public static let interval = Duration.milliseconds(250)

    /// Reads what is to be made.
    /// - Parameters:
    ///   - list: the bytes of an order list whose devices say no TPM; the slots are where the boards come.
    ///   - defaults: as for ``OrderList/init(parsing:defaults:slots:)``.
    ///   - slots: the station's slots, unless the list has them.
    ///   - passphraseFile: where the passphrase of the station's CA is, for the commands that are told.
    ///   - profiles: reads a profile by the name that the list gives it.
    /// - Throws: `MessageError` about the list, and what `profiles` throws.
    public init(
        _ station: Station,
        list: [UInt8],
        defaults: LineEntry,
        slots: [LineSlot],
        passphraseFile: String? = nil,
        profiles: (String) throws -> ProvisioningProfile
    ) throws {
        let file = try LineFile(parsing: list, defaults: defaults, slots: slots)
        guard !file.slots.isEmpty else { throw MessageError(.malformed, "no slots are named") }
        self.slots = file.slots
        var orders: [LineOrder] = []
        for (index, entry) in file.devices.enumerated() {
            guard entry.tcti == nil else {
                throw MessageError(
                    .malformed,
                    "device \(index + 1) says where its TPM is; at a hot station the slots say it"
                )
            }
            orders.append(try LineOrder(entry, number: index + 1))
        }
        self.orders = orders
        var read: [String: ProvisioningProfile] = [:]
        for name in Set(orders.map(\.profile)) { read[name] = try profiles(name) }
        self.profiles = read
        self.passphraseFile = passphraseFile
        self.station = station
    }

    /// How many devices are to be made.
    public var count: Int { orders.count }

    /// The slots, in their order.
    public var slotNames: [Label] { slots.map(\.name) }

    /// Serves the slots until every order has its birth, or until it is stopped; births under way are finished.
    ///
    /// Nothing is remembered here that is not on disk: killed, the next run goes on, whatever board is put in where.
    /// - Parameters: as for ``Line/run(_:profiles:logs:now:isStopped:tell:)``; `tell` is also told how many are born.
    /// - Throws: when the journal cannot be read.
    public func run(
        logs: @escaping @Sendable (String) throws -> [UInt8],
        now: @escaping @Sendable () -> Int64,
        isStopped: @escaping @Sendable () -> Bool,
        tell: @escaping @Sendable (LineSlot, SlotEvent, _ born: Int) -> Void
    ) async throws -> LineReport {
        let began = now()
        let start = ContinuousClock.now
        let files = BirthFiles(station)
        let queue = try HotOrders(orders, files: files) { try birth(of: $0) != nil }
        let before = try orders.compactMap(birth).map(LineResult.bornBefore)
        let results = await withTaskGroup(of: [LineResult].self) { group in
            for slot in slots {
                group.addTask {
                    let service = SlotService(
                        slot: slot,
                        line: Line(station, workers: 1, isRecheck: true),
                        files: files,
                        queue: queue,
                        profiles: profiles,
                        passphraseFile: passphraseFile,
                        logs: logs,
                        now: now,
                        tell: { tell(slot, $0, queue.born) }
                    )
                    return await service.run { isStopped() || queue.areDone }
                }
            }
            return await group.reduce(into: before) { $0 += $1 }
        }
        let places = Dictionary(uniqueKeysWithValues: orders.enumerated().map { ($1.order.serial, $0) })
        // A board that was born before and restored now stands there once, and only if it was ordered.
        let born = Dictionary(results.filter { $0.isBorn && places[$0.serial] != nil }.map { ($0.serial, $0) }) { $1 }
        return LineReport(
            station: station.name,
            began: began,
            ended: now(),
            microseconds: (ContinuousClock.now - start).microseconds,
            workers: slots.count,
            devices: born.values.sorted { (places[$0.serial] ?? 0) < (places[$1.serial] ?? 0) },
            setAside: results.filter { !$0.isBorn },
            notBegun: orders.count - queue.born
        )
    }
}

extension HotLine {
    fileprivate func birth(of order: LineOrder) throws -> BirthRecord? {
        guard let profile = profiles[order.profile] else { return nil }
        return try station.finishedBirth(of: order.order, profile: profile)
    }
}

extension LineResult {
    /// A device whose birth was signed by an earlier run; no TPM was looked at.
    fileprivate static func bornBefore(_ record: BirthRecord) -> LineResult {
        LineResult(
            serial: record.serial,
            tcti: "",
            outcome: .bornBefore,
            instance: record.instance,
            reasons: [],
            microseconds: 0,
            steps: [:]
        )
    }
}
