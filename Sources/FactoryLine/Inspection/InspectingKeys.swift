import Endorsement
import FactoryAuthority
import Messages
import TPMCrypto
import TPMDevice
import TPMWire

/// The keys of the profile: which they are, who certifies them, and what has been published against them.
extension Inspector {
    mutating func endorsementKey(canAsk: Bool) throws -> TPMInspection.Key {
        let template = try profile.endorsementTemplate
        let handle = profile.endorsementKey.handle
        let area: TPMTPublic
        let kept: Bool
        if let object = try connection.persistentObject(at: handle.handle) {
            area = try connection.readPublic(object).publicArea
            kept = true
            if !area.isKey(of: template.area) {
                problems.append("\(handle) holds another key than \(template.rawValue)")
            }
        } else {
            guard canAsk else { throw BirthInterruption.endorsementClosed }
            area = try connection.createPrimary(template.area, in: .endorsement).object.publicArea
            kept = false
        }
        var issuer: String?
        if let content = try connection.content(of: template.certificateIndex) {
            do throws(CertificateError) {
                let certificate = try EKCertificate(fromNV: content).certificate
                issuer = certificate.issuer.description
                if certificate.subjectKey != (try? PublicKey(area)) {
                    problems.append("the certificate at \(template.certificateIndex) is for another key")
                }
            } catch {
                problems.append("the certificate at \(template.certificateIndex) cannot be read: \(error)")
            }
        } else {
            differences.append(
                "no endorsement certificate at \(template.certificateIndex): the key needs a line in ek-allowed.txt, and "
                    + "the order --tier vtpm"
            )
        }
        findWeakness(of: "endorsement key", area)
        let name = area.isKey(of: template.area) ? template.rawValue : nil
        return try TPMInspection.Key(area, handle: kept ? handle.description : nil, issuer: issuer, template: name)
    }

    mutating func key(
        _ role: KeyDiagnosis.Role,
        at handle: HandleText,
        certificate index: HandleText,
        _ canAsk: Bool
    ) throws -> (key: TPMInspection.Key, area: TPMTPublic)? {
        guard let object = try connection.persistentObject(at: handle.handle) else { return nil }
        let area = try connection.readPublic(object).publicArea
        findWeakness(of: role.rawValue, area)
        let diagnosis = try connection.diagnosis(of: area, canAsk: canAsk)
        let wanted = KeyDiagnosis(
            role: role,
            template: try profile.identityTemplate,
            uniqueY: try profile.identityTemplate == .rsa2048 ? .empty : profile.uniqueY,
            isAsked: true
        )
        if let diagnosis {
            if diagnosis != wanted, diagnosis.isAsked || diagnosis.template != wanted.template {
                problems.append("\(handle) holds this: \(diagnosis); the profile says: \(wanted)")
            }
        } else {
            problems.append("\(handle) holds a key of another kind; the profile says: \(wanted)")
        }
        let certificate = try connection.content(of: index.handle).flatMap { try? ParsedCertificate(der: $0) }
        if let certificate, certificate.subjectKey != (try? PublicKey(area)) {
            problems.append("the certificate at \(index) is for another key than the one at \(handle)")
        }
        let key = try TPMInspection.Key(
            area,
            handle: handle.description,
            issuer: certificate?.issuer.description,
            template: diagnosis?.description
        )
        return (key, area)
    }

    private mutating func findWeakness(of role: String, _ area: TPMTPublic) {
        let found = profile.weaknesses(of: [role: area])
        weaknesses += found
        problems += found.refusals.map(\.description)
    }
}
