// Part 3, chapter 29: Clocks and Timers.

internal import CTSS2
public import TPMWire

extension TPMConnection {
    /// What TPM2_ReadClock says; nothing signs it.
    public struct TimeInfo: Sendable, Hashable {
        /// Milliseconds since the TPM was powered.
        public let time: UInt64
        public let clockInfo: TPMSClockInfo
    }

    /// TPM2_ReadClock.
    public func readClock() throws(TPMError) -> TimeInfo {
        let command = Command.readClock
        var current = Out<TPMS_TIME_INFO>()
        try run(command) {
            unsafe Esys_ReadClock($0.pointer, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &current.pointer)
        }
        return try command.parse(try current.bytes(for: command.name)) { reader throws(WireError) in
            TimeInfo(time: try reader.uint64("time"), clockInfo: try TPMSClockInfo(from: &reader))
        }
    }
}
