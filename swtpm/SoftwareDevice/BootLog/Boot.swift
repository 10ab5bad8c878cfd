import FoundationEssentials
import TPMDevice
import TPMWire

extension SoftwareDevice {
    /// Boots: a power cycle, then every measurement that the firmware makes, extended into all banks and logged.
    ///
    /// - Parameters:
    ///   - tamper: What somebody changed.
    ///   - reset: False measures on top of what the PCRs hold, which no real boot does.
    /// - Returns: The event log, which is then also in ``logPath``.
    @discardableResult
    public func boot(
        firmware: Firmware,
        tamper: Set<Tamper> = [],
        reset: Bool = true
    ) async throws -> [UInt8] {
        try await boot(.firmware(firmware), tamper: tamper, reset: reset)
    }

    /// Boots what a file says.
    /// - Parameter life: How a device without power is started; one that has power keeps its life.
    @discardableResult
    public func boot(
        _ file: BootFile,
        tamper: Set<Tamper> = [],
        reset: Bool = true,
        life: Life = .attached
    ) async throws -> [UInt8] {
        let events = try file.events(tamper)
        if !isRunning {
            try await start(life)
        } else if reset {
            try await powerCycle()
        }
        try forgetList()
        let log = try await onTPM { connection throws(TPMError) in try connection.measure(events) }
        try Data(log).write(to: URL(filePath: logPath), options: .atomic)
        return log
    }
}

extension TPMConnection {
    /// Extends events into every bank the TPM has, and returns the log of exactly that.
    fileprivate func measure(_ events: [MeasuredEvent]) throws(TPMError) -> [UInt8] {
        let banks = try pcrBanks().selections.filter { !$0.pcrs.isEmpty }.map(\.hash)
        var measured: [(MeasuredEvent, [TPMTHA])] = []
        for event in events {
            let digests = banks.compactMap { Digests.digest(event.measured, bank: $0) }
            try pcrExtend(event.pcr, with: digests)
            measured.append((event, digests))
        }
        return EventLogWriter.log(of: measured, banks: banks)
    }
}
