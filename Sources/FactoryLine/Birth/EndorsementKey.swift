import Endorsement
import FactoryAuthority
import TPMCrypto
import TPMDevice
import TPMWire

/// The endorsement key as the TPM shows it, with what its vendor says about it.
struct EndorsementKey: Sendable {
    var publicArea: TPMTPublic
    var certificateIndex: Handle
    var certificate: [UInt8]?
    var intermediates: [ParsedCertificate]

    /// Those that may stand between the key's own certificate and a root; none when it has none that can be read.
    var usefulIntermediates: [ParsedCertificate] {
        guard let content = certificate, let read = try? EKCertificate(fromNV: content) else { return [] }
        return intermediates(above: read.certificate)
    }

    /// Those that may stand between a certificate and a root, by name; a root out of NV would help nobody who does not
    /// trust it already.
    private func intermediates(above certificate: ParsedCertificate) -> [ParsedCertificate] {
        var found: [ParsedCertificate] = []
        var pending = [certificate]
        while let lower = pending.popLast() {
            for upper in intermediates where upper.subject == lower.issuer && upper.subject != upper.issuer {
                guard !found.contains(upper) else { continue }
                found.append(upper)
                pending.append(upper)
            }
        }
        return found
    }
}

/// The endorsement key and, when the TPM does not keep it, the object that was made to see it.
///
/// Making an RSA key again takes a hardware TPM many seconds, so the object waits until it may be kept.
struct FoundEndorsementKey: ~Copyable {
    let key: EndorsementKey
    fileprivate let object: Object

    fileprivate enum Object: ~Copyable {
        case kept(PersistentObject)
        case made(CreatedPrimary)
    }
}

extension TPMConnection {
    /// Finds the endorsement key where it is kept, or makes it; nothing in the TPM changes for good.
    func endorsementKey(of profile: ProvisioningProfile) throws -> FoundEndorsementKey {
        let template = try profile.endorsementTemplate
        let handle = profile.endorsementKey.handle.handle
        let index = template.certificateIndex
        func key(_ area: TPMTPublic) throws(TPMError) -> EndorsementKey {
            EndorsementKey(
                publicArea: area,
                certificateIndex: index,
                certificate: try content(of: index),
                intermediates: try endorsementChain()
            )
        }
        guard let kept = try persistentObject(at: handle) else {
            let made = try createPrimary(template.area, in: .endorsement)
            return FoundEndorsementKey(key: try key(made.object.publicArea), object: .made(made))
        }
        let area = try readPublic(kept).publicArea
        guard area.isKey(of: template.area) else { throw BirthRefusal(.handleTaken(handle)) }
        return FoundEndorsementKey(key: try key(area), object: .kept(kept))
    }

    /// Keeps the endorsement key at its handle, if it is not kept there yet.
    func keep(_ found: consuming FoundEndorsementKey, of profile: ProvisioningProfile) throws -> PersistentObject {
        switch consume found.object {
        case .kept(let kept): return kept
        case .made(let made): return try keep(made.object, at: profile.endorsementKey.handle.handle)
        }
    }
}

extension EndorsementKeyTemplate {
    /// Where the vendor puts this key's certificate (EK Credential Profile, section 2.2.1.4).
    var certificateIndex: Handle {
        switch self {
        case .rsa2048: Handle(rawValue: 0x01C0_0002)
        case .eccP256: Handle(rawValue: 0x01C0_000A)
        case .eccP384: Handle(rawValue: 0x01C0_0016)
        }
    }
}
