import Endorsement
import Messages

/// What a birth comes to: the record, and the signature that makes it one.
extension Birth {
    func record(
        _ bornAt: Int64,
        _ enrolled: BirthJournal.Enrolled,
        _ counters: BornCounters,
        _ firstBoot: FirstBoot,
        _ identity: Messages.TPMIdentity,
        _ findings: [TPMAdvisoryFinding]
    ) throws -> BirthRecord {
        BirthRecord(
            serial: order.serial,
            model: order.model,
            hardwareRevision: order.hardwareRevision,
            environment: order.environment,
            tier: order.tier,
            profile: profile.name,
            bornAt: bornAt,
            station: station.name,
            replaces: try BirthFiles(station).replacement(of: order.serial),
            bornWith: order.bornWith,
            ek: enrolled.ek,
            iak: enrolled.iak,
            idevid: enrolled.idevid,
            endorsementIntermediates: enrolled.intermediates,
            eccUniqueY: try profile.recordedUniqueY,
            residency: enrolled.residency,
            counters: counters,
            tpm: identity,
            selection: profile.selection,
            imaPCR: profile.imaPCR,
            firstBoot: firstBoot,
            waivedAdvisories: findings.waivers(of: profile)
        )
    }

    func sign(_ record: BirthRecord) throws {
        let payload = try CanonicalJSON.encode(record)
        // As a verifier will read it: what it would refuse must not leave the line.
        _ = try BirthRecord(parsing: payload)
        let envelope = try SignedEnvelope(
            payload: payload,
            payloadType: BirthRecord.payloadType,
            signers: [station.signer]
        )
        try BirthFiles(station).finish(envelope, of: order.serial)
    }
}
