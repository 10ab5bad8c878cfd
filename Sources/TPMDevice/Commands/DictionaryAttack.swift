// Part 3, chapter 25: Dictionary Attack Functions.

internal import CTSS2
internal import TPMWire

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
            isLockedOut: try permanentAttributes().contains(.inLockout)
        )
    }

    /// The parameters as they are.
    public func dictionaryAttackParameters() throws(TPMError) -> DictionaryAttackParameters {
        let values = try properties(from: .maximumAuthorizationFailures, count: 3)
        guard let tries = values[.maximumAuthorizationFailures], let time = values[.lockoutInterval],
            let recovery = values[.lockoutRecovery]
        else { throw TPMError(Command.getCapability.name, malformed: "no lockout properties") }
        return DictionaryAttackParameters(maximumTries: tries, recoveryTime: time, lockoutRecovery: recovery)
    }

    /// TPM2_DictionaryAttackParameters.
    ///
    /// - Parameter authorization: of the lockout hierarchy. A wrong one locks that hierarchy for its recovery time.
    public func setDictionaryAttackParameters(
        _ parameters: DictionaryAttackParameters,
        authorization: Authorization = .password
    ) throws(TPMError) {
        try run(.dictionaryAttackParameters, sessions: authorization.session) {
            unsafe Esys_DictionaryAttackParameters(
                $0.pointer,
                Hierarchy.lockout.reference.esys,
                authorization.reference,
                ESYS_TR_NONE,
                ESYS_TR_NONE,
                parameters.maximumTries,
                parameters.recoveryTime,
                parameters.lockoutRecovery
            )
        }
    }
}

/// How a TPM defends itself against guessing (Part 1, section 19.8).
public struct DictionaryAttackParameters: Sendable, Hashable {
    /// How many failures begin the lockout; with 0 the TPM is always in it.
    public var maximumTries: UInt32
    /// Seconds, with power, after which one failure is forgotten; with 0 none counts.
    public var recoveryTime: UInt32
    /// Seconds, with power, for which the lockout authorization is refused after it was wrong once; with 0 until a reset.
    public var lockoutRecovery: UInt32

    /// Joins them.
    public init(maximumTries: UInt32, recoveryTime: UInt32, lockoutRecovery: UInt32) {
        self.maximumTries = maximumTries
        self.recoveryTime = recoveryTime
        self.lockoutRecovery = lockoutRecovery
    }
}
