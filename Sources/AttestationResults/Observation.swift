public import Messages

/// What an authentic quote says of the TPM, whether or not it was accepted.
public struct Observation: Hashable, Sendable, Codable {
    /// The clock at the quote.
    public var clock: ClockReading
    /// TPMS_ATTEST.firmwareVersion; comparable because the key is in the endorsement hierarchy (Part 1, section 36.7).
    public var firmwareVersion: UInt64
    /// The values whose digest was quoted; absent when the values supplied were not the quoted ones.
    public var pcrs: PCRValues?

    /// Joins what was observed.
    public init(clock: ClockReading, firmwareVersion: UInt64, pcrs: PCRValues?) {
        self.clock = clock
        self.firmwareVersion = firmwareVersion
        self.pcrs = pcrs
    }
}

/// TPMS_CLOCK_INFO (Part 2, section 10.11.1).
public struct ClockReading: Hashable, Sendable, Codable {
    /// Milliseconds that the TPM was powered since it was last cleared.
    public var clock: UInt64
    /// TPM Resets since it was last cleared.
    public var resetCount: UInt32
    /// TPM Restarts and Resumes since the last TPM Reset or clear.
    public var restartCount: UInt32
    /// Whether no later value of the clock was ever reported.
    public var safe: Bool

    /// Joins the fields.
    public init(clock: UInt64, resetCount: UInt32, restartCount: UInt32, safe: Bool) {
        self.clock = clock
        self.resetCount = resetCount
        self.restartCount = restartCount
        self.safe = safe
    }
}

/// How the TPM's clock moved since the last evidence that was accepted from the same key.
public enum ClockMovement: Hashable, Sendable {
    /// There was none before.
    case first
    /// No reset in between.
    case sameBoot
    /// The platform was reset this many times in between.
    case rebooted(UInt32)
}
