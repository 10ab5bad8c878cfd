import Endorsement
import Messages
import TPMCrypto
import TPMDevice
import TPMWire

extension BirthRecord {
    /// What the agent of this instance reads when it has no disk.
    var tag: BirthTag {
        BirthTag(
            instance: instance,
            serial: serial,
            counters: counters,
            selection: selection,
            iakHandle: iak.handle,
            profile: profile
        )
    }

    /// Everything in which the TPM differs from this record; empty when it is the device that the record describes.
    func differences(from connection: TPMConnection, profile: ProvisioningProfile) throws -> [String] {
        var differences: [String] = []
        for (what, key) in [("endorsement key", ek), ("attestation key", iak), ("identity key", idevid)] {
            guard let kept = try connection.persistentObject(at: Handle(rawValue: key.handle)) else {
                differences.append("the \(what) is gone")
                continue
            }
            let read = try connection.readPublic(kept)
            if read.publicArea.bytes != key.publicArea.bytes || read.name.contents != key.name.bytes
                || read.qualifiedName.contents != key.qualifiedName.bytes
            {
                differences.append("another \(what)")
            }
        }
        let nv = profile.nv
        let contents = [
            (nv.iakCertificate, iak.certificate?.bytes), (nv.idevidCertificate, idevid.certificate?.bytes),
            (nv.birthTag, try CanonicalJSON.encode(tag)),
        ]
        for (index, bytes) in contents where try connection.content(of: index.handle) != bytes {
            differences.append("the content of \(index)")
        }
        for counter in [counters.securityFloor, counters.grants] {
            let value = try connection.existingCounter(at: Handle(rawValue: counter.index))
            if value.map({ $0 < counter.base }) ?? true {
                differences.append("the counter at \(Handle(rawValue: counter.index))")
            }
        }
        return differences
    }

    /// Everything that a verifier would hold against this record, found before it is signed.
    func refusals(policy: FactoryPolicy, profile: ProvisioningProfile) throws -> [BirthReason] {
        let enrolmentKey = try TPMTPublic(parsing: residency.enrolmentKey.bytes)
        let iakArea = try TPMTPublic(parsing: iak.publicArea.bytes)
        let idevidArea = try TPMTPublic(parsing: idevid.publicArea.bytes)
        let proof = ResidencyProof(
            endorsementKey: try TPMTPublic(parsing: ek.publicArea.bytes),
            enrolmentKey: enrolmentKey,
            iak: .init(
                publicArea: iakArea,
                attest: residency.iakCreation.bytes,
                signature: residency.iakSignature.bytes
            ),
            idevid: .init(
                publicArea: idevidArea,
                attest: residency.idevidCreation.bytes,
                signature: residency.idevidSignature.bytes
            )
        )
        var reasons = proof.reasons(template: try profile.identityTemplate, uniqueY: try profile.uniqueY)
            .map(BirthReason.residency)
        let verdict = policy.judge(
            iak: (try ParsedCertificate(der: iak.certificate?.bytes ?? []), iakArea),
            idevid: (try ParsedCertificate(der: idevid.certificate?.bytes ?? []), idevidArea),
            model: model.text,
            serial: serial.text,
            at: bornAt
        )
        if case .refused(let refused) = verdict { reasons += refused.map(BirthReason.endorsement) }
        return reasons
    }
}
