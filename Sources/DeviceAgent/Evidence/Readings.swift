import Messages
import TPMDevice
import TPMWire
import UpdateTrust

/// What the TPM says of time and counters at one moment.
struct TPMReadings: Hashable, Sendable {
    var clock: TPMSClockInfo
    /// TPM_PT_CLOCK_UPDATE in milliseconds.
    var clockUpdate: UInt64
    /// The grants counter; nil when the TPM has none at its index.
    var grants: UInt64?
    /// The security floor's counter; nil when the TPM has none at its index.
    var securityFloor: UInt64?

    /// Which boot it is.
    var resets: UInt32 { clock.resetCount }

    var forGate: GateReadings {
        GateReadings(
            clock: clock.clock,
            resetCount: clock.resetCount,
            safe: clock.safe,
            clockUpdate: clockUpdate,
            grants: grants,
            securityFloor: securityFloor
        )
    }

    /// Both counters, as requests carry them.
    var counters: CounterReadings {
        get throws(AgentError) {
            guard let grants, let securityFloor else {
                throw AgentError(
                    .environment,
                    "a counter that this instance was born with is gone from the TPM",
                    hint: "the TPM was cleared; bring the device back to the factory line"
                )
            }
            return CounterReadings(securityFloor: securityFloor, grants: grants)
        }
    }

    /// The security version below which nothing is installed.
    func floor(_ counters: BornCounters) -> UInt64? {
        guard let securityFloor, securityFloor >= counters.securityFloor.base else { return nil }
        return securityFloor - counters.securityFloor.base
    }
}

extension DeviceTPM {
    func readings(_ counters: BornCounters) async throws(AgentError) -> TPMReadings {
        try await perform { connection throws(TPMError) in
            TPMReadings(
                clock: try connection.readClock().clockInfo,
                clockUpdate: UInt64(try connection.property(.clockUpdate)),
                grants: try connection.counter(counters.grants),
                securityFloor: try connection.counter(counters.securityFloor)
            )
        }
    }

    /// Increments a counter once and says what it is then.
    func increment(_ counter: BornCounter) async throws(AgentError) -> UInt64 {
        let value = try await perform { connection throws(TPMError) -> UInt64? in
            guard let index = try connection.nvIndex(at: Handle(rawValue: counter.index)) else { return nil }
            try connection.nvIncrement(index)
            return try connection.nvReadCounter(index)
        }
        guard let value else {
            throw .missing("counter at \(Handle(rawValue: counter.index))")
        }
        return value
    }
}

extension TPMConnection {
    fileprivate func counter(_ counter: BornCounter) throws(TPMError) -> UInt64? {
        guard let index = try nvIndex(at: Handle(rawValue: counter.index)) else { return nil }
        return try nvReadCounter(index)
    }
}

extension TPMConnection.Property {
    /// TPM_PT_CLOCK_UPDATE (Part 2, section 6.13): milliseconds between two updates of the clock in NV.
    static let clockUpdate = Self(rawValue: 0x125)
}
