/// Bounds of what is read from a log that somebody else wrote.
///
/// Real logs are 4 to 70 KB with some 30 to 200 events; a bound has an order of magnitude of room above those.
public enum EventLogBounds {
    /// The largest log, in bytes.
    public static let logSize = 2 << 20
    /// The most event data, in bytes: above the largest revocation list a firmware can store.
    public static let eventSize = 512 << 10
    /// The most events.
    public static let events = 10_000
    /// The most digest algorithms: as many banks as a TPM can have (TPM2_NUM_PCR_BANKS).
    static let algorithms = 16
    /// The PCRs of a PC Client TPM (PTP section 4.6).
    public static let pcrs = 0..<24
    /// The longest variable name, in UTF-16 units; those of Secure Boot have at most ten.
    static let variableName = 256
}
