import DurableFiles
import FactoryAuthority
import Messages
import TPMDevice

/// Many births at once: one device's failure stops no other, and what was done is not done again.
public struct Line: Sendable {
    private let station: Station
    private let workers: Int
    private let isRecheck: Bool

    /// More TPMs than this are on no bus.
    public static let maximumWorkers = 64

    /// - Parameters:
    ///   - workers: how many devices are worked on at once, 1 to 64.
    ///   - isRecheck: whether devices with a signed birth are looked at again; otherwise the birth on record is enough, and
    ///     their TPMs need not be there any more, unless their authorization values were not erased yet.
    public init(_ station: Station, workers: Int, isRecheck: Bool = false) {
        self.station = station
        self.workers = min(max(workers, 1), Self.maximumWorkers)
        self.isRecheck = isRecheck
    }

    /// Makes the devices of an order list.
    /// - Parameters:
    ///   - profiles: the profiles by the names that the list gives them.
    ///   - logs: reads an event log.
    ///   - now: seconds since 1970.
    ///   - isStopped: is asked before each device is begun; those that are under way are finished.
    ///   - tell: is told what became of each device, by several workers at once.
    public func run(
        _ list: OrderList,
        profiles: [String: ProvisioningProfile],
        logs: @escaping @Sendable (String) throws -> [UInt8],
        now: @escaping @Sendable () -> Int64,
        isStopped: @escaping @Sendable () -> Bool = { false },
        tell: @escaping @Sendable (LineResult) -> Void
    ) async -> LineReport {
        let began = now()
        let clock = ContinuousClock()
        let start = clock.now
        var results: [Int: LineResult] = [:]
        await withTaskGroup(of: (Int, LineResult).self) { group in
            var waiting = list.devices.enumerated().makeIterator()
            func beginNext() {
                guard !isStopped(), let (number, device) = waiting.next() else { return }
                group.addTask {
                    let result = await make(device, profiles[device.profile], logs, now)
                    tell(result)
                    return (number, result)
                }
            }
            for _ in 0..<workers { beginNext() }
            for await (number, result) in group {
                results[number] = result
                beginNext()
            }
        }
        return LineReport(
            station: station.name,
            began: began,
            ended: now(),
            microseconds: (clock.now - start).microseconds,
            workers: workers,
            devices: results.sorted { $0.key < $1.key }.map(\.value),
            setAside: [],
            notBegun: list.devices.count - results.count
        )
    }

    private static func hint(for error: any Error) -> String? {
        switch error {
        case let error as BirthInterruption: error.hint
        case let error as FileError: error.hint
        case let error as TPMError: error.hint
        case Station.Failure.file(let error): error.hint
        default: nil
        }
    }

    private func make(
        _ device: LineDevice,
        _ profile: ProvisioningProfile?,
        _ logs: @Sendable (String) throws -> [UInt8],
        _ now: @Sendable () -> Int64
    ) async -> LineResult { await attempt(device, profile, logs, now).result }

    /// One attempt at one device, with the reasons of a refusal.
    func attempt(
        _ device: LineDevice,
        _ profile: ProvisioningProfile?,
        _ logs: @Sendable (String) throws -> [UInt8],
        _ now: @Sendable () -> Int64
    ) async -> (result: LineResult, reasons: [BirthReason]) {
        let watch = StepWatch()
        func result(_ outcome: LineResult.Outcome, _ record: BirthRecord? = nil) -> LineResult {
            let (whole, steps) = watch.stop()
            return LineResult(
                serial: device.order.serial,
                tcti: device.tcti,
                outcome: outcome,
                instance: record?.instance,
                reasons: [],
                microseconds: whole,
                steps: steps
            )
        }
        do {
            guard let profile else { throw Station.Failure.damaged(path: device.profile, "this profile was not read") }
            // Values of a TPM may be those of a restoration that goes on with them: they go once the TPM was looked at.
            if !isRecheck, let record = try station.finishedBirth(of: device.order, profile: profile),
                try !station.keepsValues(of: record)
            {
                return (result(.bornBefore, record), [])
            }
            let log = try device.eventLog.map(logs)
            let outcome = try await withTPM(tcti: device.tcti) { tpm in
                try await station.provision(
                    device.order,
                    profile: profile,
                    on: tpm,
                    eventLog: log,
                    now: now()
                ) { watch.begin($0) }
            }
            switch outcome {
            case .born(let record): return (result(.born, record), [])
            case .alreadyBorn(let record): return (result(.bornBefore, record), [])
            case .restored(let record, let parts):
                var restored = result(.bornBefore, record)
                restored.restored = parts
                return (restored, [])
            case .refused(let reasons):
                var refused = result(.refused)
                refused.reasons = reasons.map(\.code)
                refused.detail = reasons.map(\.description).joined(separator: "; ")
                refused.hint = reasons.first?.hint
                return (refused, reasons)
            }
        } catch {
            var failed = result(.failed)
            failed.detail = String(describing: error)
            failed.hint = Self.hint(for: error)
            return (failed, [])
        }
    }
}
