import Endorsement
import TPMCrypto
import TPMDevice
import TPMWire

/// Which template of the TCG's a kept key was made from.
///
/// A public area does not tell what stood in `unique` before: the TPM is asked to make the candidates again, which changes
/// nothing, and their Names are compared (attack 36: another unique.y is another key, to be named and not to be passed).
struct KeyDiagnosis: Hashable, CustomStringConvertible {
    enum Role: String, CaseIterable {
        case iak = "attestation key"
        case idevid = "identity key"
    }

    let role: Role
    let template: DeviceIdentityTemplate
    /// What stood in unique.y; nil for a key of this form that neither value makes, or that could not be made again.
    let uniqueY: DeviceIdentityTemplate.UniqueY?
    /// Whether the TPM could be asked.
    let isAsked: Bool

    var description: String {
        let key = "\(template.rawValue) \(role.rawValue)"
        guard let uniqueY else {
            return isAsked
                ? "a key of the form of an \(key), which none of the TCG's templates makes in this TPM"
                : "a key of the form of an \(key); the endorsement hierarchy's authorization is needed to tell more"
        }
        return template == .rsa2048 ? key : "\(key), unique.y \(uniqueY.rawValue)"
    }

    func area(_ uniqueY: DeviceIdentityTemplate.UniqueY) -> TPMTPublic {
        role == .iak ? template.iak(uniqueY: uniqueY) : template.idevid(uniqueY: uniqueY)
    }
}

extension TPMConnection {
    /// What a key is, if it has the form of a device identity key at all.
    ///
    /// - Parameter canAsk: whether the endorsement hierarchy has no authorization value.
    func diagnosis(of area: TPMTPublic, canAsk: Bool) throws -> KeyDiagnosis? {
        let forms = DeviceIdentityTemplate.allCases.flatMap { template in
            KeyDiagnosis.Role.allCases.map {
                KeyDiagnosis(role: $0, template: template, uniqueY: nil, isAsked: canAsk)
            }
        }
        guard let form = forms.first(where: { area.isKey(of: $0.area(.empty)) }) else { return nil }
        guard canAsk else { return form }
        // RSA templates have no unique.y.
        let values = form.template == .rsa2048 ? [.empty] : DeviceIdentityTemplate.UniqueY.allCases
        for uniqueY in values where try createPrimary(form.area(uniqueY), in: .endorsement).object.publicArea == area {
            return KeyDiagnosis(role: form.role, template: form.template, uniqueY: uniqueY, isAsked: true)
        }
        return form
    }
}
