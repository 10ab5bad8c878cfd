import DurableFiles
import Endorsement
import Messages
import TPMCrypto
public import TPMDevice
import TPMWire

extension Station {
    /// Gives birth to one device, or finishes the birth that an earlier attempt has begun, or finds it done.
    ///
    /// Whenever it is interrupted, by whatever, the next attempt with the same order continues with the same keys and
    /// certificates; the signed record is written last and once.
    /// - Parameters:
    ///   - eventLog: the TCG event log of the boot that runs now, if the board has one.
    ///   - now: seconds since 1970: the birth's date, unless it was begun earlier.
    ///   - step: called before each step.
    /// - Throws: when it could not be decided: the TPM, a file or the environment failed. Nothing was signed.
    public func provision(
        _ order: BirthOrder,
        profile: ProvisioningProfile,
        on tpm: TPM,
        eventLog: [UInt8]? = nil,
        now: Int64,
        before step: @Sendable (BirthStep) async throws -> Void = { _ in }
    ) async throws -> ProvisioningOutcome {
        let birth = Birth(station: self, order: order, profile: profile, eventLog: eventLog, now: now)
        do {
            do {
                return try await birth.run(on: tpm, before: step)
            } catch let error as TPMError where Birth.slotsAreTaken(error) {
                // A killed attempt has left its keys in the TPM's few slots; ours were given back on the way here.
                try await tpm.perform { connection throws(TPMError) in try connection.flushAbandoned() }
                return try await birth.run(on: tpm, before: step)
            }
        } catch let refusal as BirthRefusal {
            return .refused(refusal.reasons)
        } catch let error as TPMError where error.code == .authFail || error.code == .badAuth {
            let owned = try await tpm.perform { connection throws(TPMError) in
                try connection.permanentAttributes().owned(of: OwnedHierarchy.allCases)
            }
            guard !owned.isEmpty else { throw error }
            return .refused([.hierarchyOwned(owned)])
        }
    }
}

extension Station {
    /// The birth that was signed here for an order; nil where there is none, or that of another order.
    ///
    /// The TPM is not looked at.
    func finishedBirth(of order: BirthOrder, profile: ProvisioningProfile) throws -> BirthRecord? {
        guard let record = try signedBirth(of: order.serial), record.differences(from: order, profile: profile).isEmpty
        else { return nil }
        return record
    }

    fileprivate func signedBirth(of serial: Label) throws -> BirthRecord? {
        guard let envelope = try BirthFiles(directory: directory).birth(of: serial) else { return nil }
        return try BirthRecord(parsing: envelope.payload(type: BirthRecord.payloadType, signedBy: birthKeys))
    }
}

extension BirthRecord {
    /// The names of the parts in which a birth differs from an order.
    fileprivate func differences(from other: BirthOrder, profile: ProvisioningProfile) -> [String] {
        order.differences(from: other) + (self.profile == profile.name ? [] : ["profile"])
    }
}

/// One attempt at one birth.
private struct Birth: Sendable {
    let station: Station
    let order: BirthOrder
    let profile: ProvisioningProfile
    let eventLog: [UInt8]?
    let now: Int64

    /// Counting a fresh counter up takes some milliseconds an increment on hardware; agents have the same bound.
    static let maximumSecurityVersion: UInt64 = 1_000

    private var files: BirthFiles { BirthFiles(directory: station.directory) }

    func run(
        on tpm: isolated TPM,
        before step: @Sendable (BirthStep) async throws -> Void
    ) async throws -> ProvisioningOutcome {
        guard order.bornWith.securityVersion <= Self.maximumSecurityVersion else {
            throw BirthRefusal(.securityVersionTooHigh(order.bornWith.securityVersion))
        }
        let connection = try tpm.connection
        try await step(.readEndorsement)
        let found = try connection.endorsementKey(of: profile)
        let endorsementKey = found.key
        let digest = ContentDigest(of: endorsementKey.publicArea.bytes)

        try await step(.claim)
        guard let lock = try FileLock.trying(station.directory.lock(of: digest)) else { throw BirthInterruption.busy }
        defer { lock.release() }
        if let record = try signedBirth(of: endorsementKey) {
            let kept = try connection.entities(of: record, profile: profile)
            let differences = try record.differences(of: kept, in: connection, profile: profile)
            guard differences.isEmpty else { throw BirthRefusal(.changedSinceBirth(differences)) }
            try files.eraseValues(of: digest)
            return .alreadyBorn(record)
        }
        // Nothing is written down, here or in the TPM, before firmware and endorsement key are judged.
        let identity = Messages.TPMIdentity(try connection.identity())
        let findings = try station.advisories()?.judge(identity, profile: profile) ?? []
        guard findings.refusals.isEmpty else { throw BirthRefusal(findings.refusals) }
        try Ownership.check(station, profile, tpm: digest, connection)
        let journal: BirthJournal
        let keys: KeptKeys
        if let begun = try files.claim(order, profile: profile, tpm: digest) {
            journal = begun
            keys = try keepKeys(begun.enrolled, endorsementKey: connection.keep(found, of: profile), connection)
        } else {
            try refuseForeignTag(connection)
            try await step(.proveResidency)
            let (policy, allowed) = try station.endorsementPolicy()
            let enrolment = Enrolment(
                profile: profile,
                order: order,
                bornAt: now,
                desk: EnrolmentDesk(authority: station.authority, endorsement: policy, allowed: allowed)
            )
            let outcome = try await enrolment.run(on: tpm, endorsementKey: found, before: step)
            journal = BirthJournal(order: order, profile: profile, bornAt: now, enrolled: outcome.enrolled)
            keys = outcome.keys
            try files.save(journal, of: digest)
        }
        let enrolled = journal.enrolled
        // Nothing of ours is loaded now; what is, was left by a program that was killed.
        try connection.flushAbandoned()

        try await step(.storeCertificates)
        let iakCertificate = try connection.store(
            enrolled.iak.certificate?.bytes ?? [],
            at: profile.nv.iakCertificate.handle
        )
        let idevidCertificate = try connection.store(
            enrolled.idevid.certificate?.bytes ?? [],
            at: profile.nv.idevidCertificate.handle
        )
        try await step(.defineCounters)
        // The floor's base is chosen so that value minus base is the package's security version.
        let version = order.bornWith.securityVersion
        let floor = try connection.counter(at: profile.nv.securityFloor.handle, least: version)
        let grants = try connection.counter(at: profile.nv.grants.handle)
        let counters = BornCounters(
            securityFloor: BornCounter(index: profile.nv.securityFloor.handle.rawValue, base: floor.value - version),
            grants: BornCounter(index: profile.nv.grants.handle.rawValue, base: grants.value)
        )
        try await step(.writeTag)
        let instance = InstanceID(iakName: enrolled.iak.name.bytes)
        let tag = BirthTag(
            instance: instance,
            serial: order.serial,
            counters: counters,
            selection: profile.selection,
            iakHandle: enrolled.iak.handle,
            profile: profile.name
        )
        let birthTag = try connection.store(try CanonicalJSON.encode(tag), at: profile.nv.birthTag.handle)

        try await step(.quoteFirstBoot)
        let firstBoot = try quoteFirstBoot(enrolled, with: keys.iak, connection)
        let record = try record(journal.bornAt, enrolled, counters, firstBoot, identity, findings)
        let kept = KeptEntities(
            ek: keys.ek,
            iak: keys.iak,
            idevid: keys.idevid,
            iakCertificate: iakCertificate,
            idevidCertificate: idevidCertificate,
            birthTag: birthTag,
            securityFloor: floor.index,
            grants: grants.index
        )

        // The disk has time until the record is signed, and the processor until anything is locked: the TPM works.
        async let logIsKept: Void = keepLog()
        try await step(.readBack)
        async let judged = record.refusals(policy: station.factoryPolicy, profile: profile)
        let differences = try record.differences(of: kept, in: connection, profile: profile)
        guard differences.isEmpty else { throw BirthRefusal(.changedSinceBirth(differences)) }
        let refusals = try await judged
        guard refusals.isEmpty else { throw BirthRefusal(refusals) }

        let ownership = Ownership(station: station, profile: profile, record: record, tpm: digest)
        try await step(.lock)
        if try !ownership.isBegun { try connection.lock(kept) }
        try await logIsKept
        try await step(.setAuthorizations)
        try ownership.set(over: kept.ek, connection)
        try await step(.sign)
        try sign(record)
        try ownership.finish()
        return .born(record)
    }

    /// Whether the TPM has no slot left for an object or session.
    static func slotsAreTaken(_ error: TPMError) -> Bool {
        error.code == .objectMemory || error.code == .sessionMemory || error.code == .sessionHandles
    }

    /// The birth that was signed under this serial number, if it is this TPM's and was ordered just so.
    private func signedBirth(of endorsementKey: EndorsementKey) throws -> BirthRecord? {
        guard let record = try station.signedBirth(of: order.serial) else { return nil }
        guard record.ek.publicArea.bytes == endorsementKey.publicArea.bytes else {
            throw BirthRefusal(.serialTaken(by: ContentDigest(of: record.ek.publicArea.bytes)))
        }
        let differences = record.differences(from: order, profile: profile)
        guard differences.isEmpty else { throw BirthRefusal(.orderDiffers(differences)) }
        return record
    }

    /// A tag without a journal is that of a birth which another station has begun or finished.
    private func refuseForeignTag(_ connection: TPMConnection) throws {
        let index = profile.nv.birthTag.handle
        guard let content = try connection.content(of: index) else { return }
        guard let tag = try? BirthTag(parsing: content) else { throw BirthRefusal(.indexTaken(index)) }
        throw BirthRefusal(.bornElsewhere(serial: tag.serial))
    }

    private func keepKeys(
        _ enrolled: BirthJournal.Enrolled,
        endorsementKey: consuming PersistentObject,
        _ connection: TPMConnection
    ) throws -> KeptKeys {
        let template = try profile.identityTemplate
        let uniqueY = try profile.uniqueY
        return KeptKeys(
            ek: endorsementKey,
            iak: try connection.keepAgain(enrolled.iak, template: template.iak(uniqueY: uniqueY)),
            idevid: try connection.keepAgain(enrolled.idevid, template: template.idevid(uniqueY: uniqueY))
        )
    }

    private func quoteFirstBoot(
        _ enrolled: BirthJournal.Enrolled,
        with key: borrowing PersistentObject,
        _ connection: TPMConnection
    ) throws -> FirstBoot {
        guard let eventLog else {
            return try connection.firstBoot(enrolled, with: key, selection: profile.selection, log: nil)
        }
        let boot = try connection.firstBoot(
            enrolled,
            with: key,
            selection: profile.selection,
            log: ContentDigest(of: eventLog)
        )
        try EventLogCheck.check(eventLog, leadsTo: boot.pcrs)
        return boot
    }

    private func keepLog() throws {
        guard let eventLog else { return }
        _ = try files.keep(log: eventLog)
    }

    private func record(
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

    private func sign(_ record: BirthRecord) throws {
        let payload = try CanonicalJSON.encode(record)
        // As a verifier will read it: what it would refuse must not leave the line.
        _ = try BirthRecord(parsing: payload)
        let envelope = try SignedEnvelope(
            payload: payload,
            payloadType: BirthRecord.payloadType,
            signers: [station.signer]
        )
        try files.finish(envelope, of: order.serial)
    }
}

extension BirthRecord {
    /// What the line was told when this birth was begun.
    fileprivate var order: BirthOrder {
        BirthOrder(
            serial: serial,
            model: model,
            hardwareRevision: hardwareRevision,
            environment: environment,
            tier: tier,
            bornWith: bornWith
        )
    }
}
