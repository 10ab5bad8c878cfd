import Endorsement
import FactoryAuthority
import Messages
import TPMDevice

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
            follows: order.follows,
            takesOver: order.takesOver,
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
            waivedAdvisories: findings.needed(of: profile.waivers)
        )
    }

    /// Reads everything back, closes what nobody may change any more, and signs.
    ///
    /// What can be written is read once it is closed: another station that has this TPM too could write in between.
    func finish(
        _ record: BirthRecord,
        counters: BornCounters,
        kept: borrowing KeptEntities,
        tpm digest: ContentDigest,
        on tpm: isolated TPM,
        before step: @Sendable (BirthStep) async throws -> Void
    ) async throws {
        let connection = try tpm.connection
        // The disk has time until the record is signed, and the processor until anything is locked: the TPM works.
        async let logIsKept: Void = keepLog()
        try await step(.readBack)
        async let judged = record.refusals(policy: station.opened().policy, profile: profile)
        try refuse(try record.differencesOfKeys(kept, counters: counters, in: connection))
        let refusals = try await judged
        guard refusals.isEmpty else { throw BirthRefusal(refusals) }

        let ownership = Ownership(station: station, profile: profile, record: record, tpm: digest)
        try await step(.lock)
        try connection.lock(kept, by: profile.nvOwner, onlyOpen: ownership.isBegun)
        try refuse(
            try record.differencesOfWritings(kept, counters: counters, in: connection, profile: profile)
        )
        try await logIsKept
        try await step(.setAuthorizations)
        try ownership.set(over: kept.ek, connection)
        try await step(.sign)
        try sign(record)
        try ownership.finish()
    }

    private func refuse(_ differences: [BirthDifference]) throws(BirthRefusal) {
        guard differences.isEmpty else { throw BirthRefusal(.changedSinceBirth(differences.map(\.description))) }
    }

    private func sign(_ record: BirthRecord) throws {
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
