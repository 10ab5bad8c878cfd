public import FactoryAuthority
public import Messages

/// How an attempt at a birth ended: a value, never an exception.
public enum ProvisioningOutcome: Sendable {
    /// The birth was signed now.
    case born(BirthRecord)
    /// It had been signed before; nothing was changed.
    case alreadyBorn(BirthRecord)
    /// It had been signed before, the TPM was cleared since, and holds the same identity again; names what was put back.
    case restored(BirthRecord, [String])
    /// At least one reason.
    case refused([BirthReason])
}
