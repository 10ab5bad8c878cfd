public import Messages

/// The time-bound statement that an instance is trusted; every other permission is capped by it.
public struct Lease: Hashable, Sendable, Codable {
    /// The lease's id; renewals keep it.
    public internal(set) var id: Label
    /// When it began, in seconds since 1970.
    public internal(set) var issuedAt: Int64
    /// When evidence last renewed it, in seconds since 1970.
    public internal(set) var renewedAt: Int64
    /// The first second at which it no longer holds.
    public internal(set) var expires: Int64
    /// The gateway on whose word it rests: it ends with that one's lease; `nil` when it rests on nobody else's.
    public internal(set) var under: InstanceID?

    /// Seconds that a time daemon may step the verifier's clock back; a lease from further in the future was given while the
    /// clock was wrong, and does not hold.
    public static let clockTolerance: Int64 = 300

    /// Whether it holds at a time: at exactly `expires` it does not.
    func holds(at now: Int64) -> Bool { Self.holds(at: now, renewedAt: renewedAt, expires: expires) }

    static func holds(at now: Int64, renewedAt: Int64, expires: Int64) -> Bool {
        let (latest, overflow) = now.addingReportingOverflow(clockTolerance)
        return now < expires && (overflow || renewedAt <= latest)
    }

    /// The lease as its holder is told.
    public var statement: LeaseStatement { LeaseStatement(id: id.text, expires: expires) }
}

/// Why a lease began, went on or ended.
public enum LeaseCause: String, Hashable, Sendable, Codable, CaseIterable {
    /// Evidence was accepted.
    case attested
    /// The boot that a grant led to was confirmed.
    case confirmed
    /// A grant was given that travels to the instance as a file; the lease is that grant's own.
    case delayed
    /// Its time ran out.
    case expired
    /// The platform was reset without the verifier having been told.
    case rebooted
    /// The instance booted the release that it ran before the current one, or a rescue image.
    case fellBack = "fell-back"
    /// The instance booted a known release that was never granted to it.
    case drifted
    /// The verifier's own clock had been ahead when it was given.
    case clockWentBack = "clock-went-back"
    /// The release that the instance runs was recalled.
    case recalled
    /// The instance's own evidence was refused.
    case evidenceRefused = "evidence-refused"
    /// The counters of its TPM dropped: the TPM was cleared, or an earlier state or another copy of it answers.
    case tpmClearedOrReplaced = "tpm-cleared-or-replaced"
    /// Its TPM's clock went back within a boot: an earlier state or another copy of it answers.
    case tpmClockWentBack = "tpm-clock-went-back"
    /// Its TPM runs other firmware than before.
    case tpmFirmwareChanged = "tpm-firmware-changed"
    /// Another installation key than the one on record asked for the instance.
    case reimaged
    /// A copy of the instance has spoken.
    case forked
    /// An operator let the instance speak without its TPM.
    case tierLowered = "tier-lowered"
    /// The time is over in which the instance spoke without its TPM.
    case tierRaised = "tier-raised"
    /// The gateway on whose word it rested lost its own lease, or the instance was taken away from it.
    case gatewayEnded = "gateway-ended"
    /// The gateway read another image out of the device than the one that it says it runs.
    case readBackDiffers = "read-back-differs"
    /// An operator suspended the instance.
    case suspended
    /// The key that signed a grant is in other hands than the verifier's.
    case keyCompromised = "key-compromised"
    /// The instance's TPM was cleared, and its identity put back.
    case cleared
    /// An operator retired the instance.
    case retired
    /// The record was put back from a backup: what the lease rests on may have been taken back since.
    case recordRecovered = "record-recovered"
    /// The factory swapped the instance's board: another instance has its serial number.
    case boardSwapped = "board-swapped"
}
