import Messages
import TPMDevice

extension ProvisioningProfile {
    /// Which hierarchies get an authorization value: 32 random bytes each, which nobody has but the holder of the escrow key.
    public struct Authorizations: Codable, Hashable, Sendable {
        /// The hierarchies.
        public var set: [OwnedHierarchy]
        /// Whether the values are kept, encrypted to the station's escrow key; otherwise nobody has them once the device
        /// is born.
        public var escrow: Bool

        func check() throws(MessageError) {
            guard !set.isEmpty, Set(set).count == set.count else {
                throw MessageError(.outOfRange, "\"authorizations.set\" names each hierarchy once, and one at least")
            }
        }
    }

    /// The parameters of TPM2_DictionaryAttackParameters.
    public struct DictionaryAttack: Codable, Hashable, Sendable {
        /// How many wrong authorizations or power cuts begin the lockout, 1 or more.
        public var maxTries: UInt32
        /// Seconds, with power, after which one of them is forgotten, 1 or more.
        public var recoveryTime: UInt32
        /// Seconds, with power, for which the lockout authorization is refused after a wrong one; 0 is until a reset.
        public var lockoutRecovery: UInt32

        func check() throws(MessageError) {
            guard maxTries > 0, recoveryTime > 0 else {
                throw MessageError(
                    .outOfRange,
                    "\"dictionaryAttack\": without tries the TPM is always locked, without time it never is"
                )
            }
        }

        var parameters: DictionaryAttackParameters {
            DictionaryAttackParameters(
                maximumTries: maxTries,
                recoveryTime: recoveryTime,
                lockoutRecovery: lockoutRecovery
            )
        }
    }
}

/// A hierarchy whose authorization value a factory may set; in the order in which it is done, the last guarding the first.
public enum OwnedHierarchy: String, Codable, Hashable, Sendable, CaseIterable {
    case owner
    case endorsement
    case lockout

    var hierarchy: Hierarchy {
        switch self {
        case .owner: .owner
        case .endorsement: .endorsement
        case .lockout: .lockout
        }
    }
}

/// By whose authorization the NV indices of a birth are defined.
public enum NVOwner: String, Codable, Hashable, Sendable, CaseIterable {
    /// The owner: at any time; TPM2_Clear takes them.
    case owner
    /// The platform: only before the firmware has closed its hierarchy; they outlive TPM2_Clear (TPMA_NV_PLATFORMCREATE).
    case platform
}

extension ProvisioningProfile {
    var nvOwner: NVOwner { nvAuthority ?? .owner }
}
