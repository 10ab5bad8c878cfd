// Part 3, chapter 25: Dictionary Attack Functions; what of them is read only.

import TPMWire

/// How near a TPM is to its dictionary-attack lockout (Part 1, section 19.8).
///
/// Keys and indices without noDA count: a wrong authorization value, and also a power cut after one was used, because the
/// TPM cannot know that it was not pulled to hide a guess.
public struct DictionaryAttackState: Sendable, Hashable {
    /// TPM_PT_LOCKOUT_COUNTER: failures and power cuts that are not forgotten yet.
    public var failures: UInt32
    /// TPM_PT_MAX_AUTH_FAIL: how many of them begin the lockout.
    public var maximum: UInt32
    /// TPM_PT_LOCKOUT_INTERVAL: seconds, with power, after which one is forgotten.
    public var interval: UInt32
    /// TPMA_PERMANENT inLockout.
    public var isLockedOut: Bool
}

extension DictionaryAttackState: CustomStringConvertible {
    /// What it is, how long it lasts, and what to do.
    public var description: String {
        "The TPM is in dictionary-attack lockout: it counted \(failures) of at most \(maximum) wrong authorizations or "
            + "power cuts while a protected key was in use. Nothing is lost. Leave the power on: it forgets one every "
            + "\(Self.text(of: interval)), and the same command works again then; or clear it at once with "
            + "tpm2_dictionarylockout --clear-lockout and the lockout authorization"
    }

    private static func text(of seconds: UInt32) -> String {
        seconds < 120 ? "\(seconds) seconds" : "\(seconds / 60 + (seconds % 60 == 0 ? 0 : 1)) minutes"
    }
}

extension TPMConnection {
    /// How near this TPM is to its lockout; TPM2_GetCapability answers in lockout too.
    public func dictionaryAttackState() throws(TPMError) -> DictionaryAttackState {
        let values = try properties(from: .lockoutCounter, count: 3)
        guard let failures = values[.lockoutCounter], let maximum = values[.maximumAuthorizationFailures],
            let interval = values[.lockoutInterval]
        else { throw TPMError(Command.getCapability.name, malformed: "no lockout properties") }
        return DictionaryAttackState(
            failures: failures,
            maximum: maximum,
            interval: interval,
            isLockedOut: try property(.permanent) & Self.inLockout != 0
        )
    }

    /// TPMA_PERMANENT (Part 2, section 8.6), bit 9.
    private static let inLockout: UInt32 = 1 << 9
}
