import Endorsement
import FactoryAuthority
import Messages
import TPMCrypto
import TPMDevice
import TPMWire

/// One thing in which a TPM is not what a birth says.
struct BirthDifference: Hashable, Sendable, CustomStringConvertible {
    /// The thing.
    let what: String
    /// Whether it is not there, or not written: a clear or an interruption does that, and it can be put back.
    let isGone: Bool

    /// For people.
    var description: String { isGone ? "the \(what) is gone" : "another \(what)" }
}

extension BirthRecord {
    /// What the agent of this instance reads when it has no disk.
    func tag(_ counters: BornCounters, _ nv: ProvisioningProfile.NonVolatile) -> BirthTag {
        BirthTag(
            instance: instance,
            serial: serial,
            counters: counters,
            selection: selection,
            iakHandle: iak.handle,
            profile: profile,
            idevidHandle: idevid.handle,
            certificates: nv.certificates,
            takenOver: takesOver.map { _ in bornAt }
        )
    }

    /// Everything in which the TPM differs from this record; empty when it is the device that the record describes.
    ///
    /// All of it is read from the TPM now, whatever is known of it.
    ///
    /// - Parameter counters: the counters as they were last stated: at birth, or when they were restored.
    func differences(
        of kept: borrowing KeptEntities,
        counters: BornCounters,
        in connection: TPMConnection,
        profile: ProvisioningProfile
    ) throws -> [BirthDifference] {
        try differencesOfKeys(kept, counters: counters, in: connection)
            + differencesOfWritings(kept, counters: counters, in: connection, profile: profile)
    }

    /// The part of it that nobody can write: keys and counters.
    func differencesOfKeys(
        _ kept: borrowing KeptEntities,
        counters: BornCounters,
        in connection: TPMConnection
    ) throws -> [BirthDifference] {
        [
            try connection.difference(of: kept.ek, from: ek, "endorsement key"),
            try connection.difference(of: kept.iak, from: iak, "attestation key"),
            try connection.difference(of: kept.idevid, from: idevid, "identity key"),
            try connection.difference(of: kept.securityFloor, from: counters.securityFloor),
            try connection.difference(of: kept.grants, from: counters.grants),
        ].compactMap(\.self)
    }

    /// The part of it that whoever is the owner can write until it is locked: certificates and tag.
    func differencesOfWritings(
        _ kept: borrowing KeptEntities,
        counters: BornCounters,
        in connection: TPMConnection,
        profile: ProvisioningProfile
    ) throws -> [BirthDifference] {
        let nv = profile.nv
        return [
            try connection.difference(
                of: kept.iakCertificate,
                from: iak.certificate?.bytes,
                "attestation key's certificate at \(nv.iakCertificate)"
            ),
            try connection.difference(
                of: kept.idevidCertificate,
                from: idevid.certificate?.bytes,
                "identity key's certificate at \(nv.idevidCertificate)"
            ),
            try connection.difference(
                of: kept.birthTag,
                from: CanonicalJSON.encode(tag(counters, nv)),
                "birth tag at \(nv.birthTag)"
            ),
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
        return try proof.reasons(template: profile.identityTemplate).map(BirthReason.residency)
            + policy.reasons(against: iak, idevid, model: model, serial: serial, at: bornAt)
    }
}

extension FactoryPolicy {
    /// What speaks against the certificates that a device's keys were given.
    func reasons(
        against iak: BornKey,
        _ idevid: BornKey,
        model: Label,
        serial: Label,
        at bornAt: Int64
    ) throws -> [BirthReason] {
        let verdict = judge(
            iak: (
                try ParsedCertificate(der: iak.certificate?.bytes ?? []),
                try TPMTPublic(parsing: iak.publicArea.bytes)
            ),
            idevid: (
                try ParsedCertificate(der: idevid.certificate?.bytes ?? []),
                try TPMTPublic(parsing: idevid.publicArea.bytes)
            ),
            model: model.text,
            serial: serial.text,
            at: bornAt
        )
        guard case .refused(let reasons) = verdict else { return [] }
        return reasons.map(BirthReason.endorsement)
    }
}

extension TPMConnection {
    fileprivate func difference(
        of kept: borrowing PersistentObject?,
        from born: BornKey,
        _ what: String
    ) throws(TPMError) -> BirthDifference? {
        switch kept {
        case .some(let kept):
            let read = try readPublic(kept)
            let same =
                read.publicArea.bytes == born.publicArea.bytes && read.name.contents == born.name.bytes
                && read.qualifiedName.contents == born.qualifiedName.bytes
            return same ? nil : BirthDifference(what: what, isGone: false)
        case .none: return BirthDifference(what: what, isGone: true)
        }
    }

    fileprivate func difference(
        of kept: borrowing NVIndex?,
        from bytes: [UInt8]?,
        _ what: String
    ) throws(TPMError) -> BirthDifference? {
        switch kept {
        case .some(let index):
            guard try content(of: index) != bytes else { return nil }
            // What is not locked was not finished: at birth all of them are.
            return BirthDifference(what: what, isGone: try !isLocked(index))
        case .none: return BirthDifference(what: what, isGone: true)
        }
    }

    fileprivate func difference(
        of kept: borrowing NVIndex?,
        from born: BornCounter
    ) throws(TPMError) -> BirthDifference? {
        let what = "counter at \(Handle(rawValue: born.index))"
        switch kept {
        case .some(let index):
            if let value = try existingCounter(index), value >= born.base { return nil }
            // An index of another kind is not counted up; one that was never counted is not finished.
            return BirthDifference(
                what: what,
                isGone: try !nvReadPublic(index).publicArea.attributes.contains(.written)
            )
        case .none: return BirthDifference(what: what, isGone: true)
        }
    }
}
