import Endorsement
import FactoryAuthority
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
    ///
    /// All of it is read from the TPM now, whatever is known of it.
    func differences(
        of kept: borrowing KeptEntities,
        in connection: TPMConnection,
        profile: ProvisioningProfile
    ) throws -> [String] {
        let nv = profile.nv
        return [
            try connection.difference(of: kept.ek, from: ek, "endorsement key"),
            try connection.difference(of: kept.iak, from: iak, "attestation key"),
            try connection.difference(of: kept.idevid, from: idevid, "identity key"),
            try connection.difference(of: kept.iakCertificate, from: iak.certificate?.bytes, nv.iakCertificate),
            try connection.difference(
                of: kept.idevidCertificate,
                from: idevid.certificate?.bytes,
                nv.idevidCertificate
            ),
            try connection.difference(of: kept.birthTag, from: CanonicalJSON.encode(tag), nv.birthTag),
            try connection.difference(of: kept.securityFloor, from: counters.securityFloor),
            try connection.difference(of: kept.grants, from: counters.grants),
        ].compactMap(\.self)
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
        var reasons = proof.reasons(template: try profile.identityTemplate)
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

extension TPMConnection {
    fileprivate func difference(
        of kept: borrowing PersistentObject?,
        from born: BornKey,
        _ what: String
    ) throws(TPMError) -> String? {
        switch kept {
        case .some(let kept):
            let read = try readPublic(kept)
            let same =
                read.publicArea.bytes == born.publicArea.bytes && read.name.contents == born.name.bytes
                && read.qualifiedName.contents == born.qualifiedName.bytes
            return same ? nil : "another \(what)"
        case .none: return "the \(what) is gone"
        }
    }

    fileprivate func difference(
        of kept: borrowing NVIndex?,
        from bytes: [UInt8]?,
        _ handle: HandleText
    ) throws(TPMError) -> String? {
        switch kept {
        case .some(let index): try content(of: index) == bytes ? nil : "the content of \(handle)"
        case .none: "the content of \(handle)"
        }
    }

    fileprivate func difference(of kept: borrowing NVIndex?, from born: BornCounter) throws(TPMError) -> String? {
        let value: UInt64? =
            switch kept {
            case .some(let index): try existingCounter(index)
            case .none: nil
            }
        if let value, value >= born.base { return nil }
        return "the counter at \(Handle(rawValue: born.index))"
    }
}
