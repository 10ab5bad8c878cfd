import FactoryAuthority
import TPMDevice
import TPMWire

/// Who owns the TPM, and how it defends itself against guessing.
extension Inspector {
    mutating func ownership(_ attributes: TPMAPermanent, isBorn: Bool) throws -> TPMInspection.Ownership {
        let state = try connection.dictionaryAttackState()
        if state.isLockedOut { problems.append(state.description) }
        let parameters = try connection.dictionaryAttackParameters()
        let set = attributes.owned(of: OwnedHierarchy.allCases)
        let wanted = profile.authorizations?.set ?? []
        // Who is in the way is whoever came before us: a birth sets them last, and needs the owner's until then.
        let inTheWay = isBorn ? [] : profile.authorizations == nil ? set.filter { $0 == .owner } : set
        if !inTheWay.isEmpty { problems.append(BirthReason.hierarchyOwned(inTheWay.map(\.rawValue)).description) }
        if isBorn, !Set(wanted).isSubset(of: set) {
            let missing = wanted.filter { !set.contains($0) }.map(\.rawValue).joined(separator: ", ")
            differences.append("no authorization value of \(missing), which the profile sets")
        }
        if let wanted = profile.dictionaryAttack?.parameters, isBorn, wanted != parameters {
            differences.append("the parameters against guessing are not the profile's")
        }
        return TPMInspection.Ownership(
            set: set.map(\.rawValue),
            isClearForbidden: attributes.contains(.disableClear),
            isLockedOut: state.isLockedOut,
            failures: state.failures,
            maxTries: parameters.maximumTries,
            recoveryTime: parameters.recoveryTime,
            lockoutRecovery: parameters.lockoutRecovery
        )
    }
}
