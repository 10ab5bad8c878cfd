import AttestationResults
import TPMWire

/// D6 and D7: time in this TPM went on since it was last seen, and its firmware is known.
///
/// The counters are compared as they stand: keys of the endorsement hierarchy quote them in the clear (Part 1, 36.7).
enum ClockChecks {
    /// More TPM Resets than this between two appraisals are no reboots: one every minute for two years.
    static let plausibleResets: UInt32 = 1 << 20

    /// D6: the reset count never drops; within one boot restarts never drop and the clock rises strictly.
    ///
    /// Over a reset the clock may fall back to its last saved value, but then says so (`safe` is NO), for up to an hour and more of uptime
    /// (Part 1, 36.3.2): no order is read from it then. TPM2_Clear sets all three to zero.
    static func movement(from last: ClockReading?, to now: ClockReading) throws(Finding) -> ClockMovement {
        guard let last else { return .first }
        var seen: String { "clock \(now.clock), resetCount \(now.resetCount), restartCount \(now.restartCount)" }
        let (resets, dropped) = now.resetCount.subtractingReportingOverflow(last.resetCount)
        guard !dropped, resets <= plausibleResets else { throw Finding(.tpmClearedOrReplaced, seen) }
        if resets == 0 {
            guard now.restartCount >= last.restartCount, now.clock > last.clock else {
                throw Finding(.clockWentBack, seen)
            }
            return .sameBoot
        }
        guard now.clock >= last.clock || !now.safe else { throw Finding(.clockWentBack, seen + ", safe is YES") }
        return .rebooted(resets)
    }

    /// Whether the TPM was started anew since it was last seen, and not reset.
    ///
    /// That is out of sleep, with the PCRs that it had (TPM Resume), or into another boot, because power failed in sleep (TPM
    /// Restart); the count is of both.
    static func hasRestarted(since last: ClockReading?, _ now: ClockReading) -> Bool {
        guard let last else { return false }
        return now.resetCount == last.resetCount && now.restartCount > last.restartCount
    }

    /// D7: the version is one of those that the record knows.
    static func firmware(_ now: UInt64, among known: [UInt64]) -> Reason? {
        known.contains(now) ? nil : Reason(.firmwareChanged, "firmwareVersion 0x" + String(now, radix: 16))
    }
}

extension ClockReading {
    /// The same fields as they stand in a TPMS_ATTEST.
    init(_ info: TPMSClockInfo) {
        self.init(clock: info.clock, resetCount: info.resetCount, restartCount: info.restartCount, safe: info.safe)
    }
}
