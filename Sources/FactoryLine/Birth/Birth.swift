import DurableFiles
import Endorsement
import FactoryAuthority
public import Messages
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
    ///   - securityFloor: the rollback floor that the verifier has on record, for a device that was born and whose TPM was
    ///     cleared since.
    ///   - step: called before each step.
    /// - Throws: when it could not be decided: the TPM, a file or the environment failed. Nothing was signed.
    public func provision(
        _ order: BirthOrder,
        profile: ProvisioningProfile,
        on tpm: TPM,
        eventLog: [UInt8]? = nil,
        now: Int64,
        securityFloor: UInt64? = nil,
        before step: @Sendable (BirthStep) async throws -> Void = { _ in }
    ) async throws -> ProvisioningOutcome {
        try await withAuthority(now: now) { authority in
            let birth = Birth(
                station: self,
                order: order,
                profile: profile,
                eventLog: eventLog,
                now: now,
                securityFloor: securityFloor,
                authority: authority
            )
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
            } catch let error as TPMError where Birth.isUnauthorised(error) {
                let owned = try await tpm.perform { connection throws(TPMError) in
                    try connection.permanentAttributes().owned(of: OwnedHierarchy.allCases)
                }
                guard !owned.isEmpty else {
                    throw profile.nvOwner == .platform ? BirthInterruption.platformClosed : error
                }
                return .refused([.hierarchyOwned(owned.map(\.rawValue))])
            }
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

    /// Where the signed birth of a serial number lies.
    public func birthFile(of serial: Label) -> String { directory.birth(BirthFiles(self).current(serial)) }

    func signedBirth(of serial: Label) throws -> BirthRecord? {
        guard let envelope = try BirthFiles(self).birth(of: serial) else { return nil }
        return try BirthRecord(parsing: envelope.payload(type: BirthRecord.payloadType, signedBy: listed.key))
    }
}

extension BirthRecord {
    /// The names of the parts in which a birth differs from an order.
    fileprivate func differences(from other: BirthOrder, profile: ProvisioningProfile) -> [String] {
        order.differences(from: other) + (self.profile == profile.name ? [] : ["profile"])
    }
}

/// One attempt at one birth.
struct Birth: Sendable {
    let station: Station
    let order: BirthOrder
    let profile: ProvisioningProfile
    let eventLog: [UInt8]?
    let now: Int64
    let securityFloor: UInt64?
    let authority: any CertifyingAuthority

    /// Counting a fresh counter up takes some milliseconds an increment on hardware; agents have the same bound.
    static let maximumSecurityVersion: UInt64 = 1_000

    private var files: BirthFiles { BirthFiles(station) }

    func run(
        on tpm: isolated TPM,
        before step: @Sendable (BirthStep) async throws -> Void
    ) async throws -> ProvisioningOutcome {
        guard order.bornWith.securityVersion <= Self.maximumSecurityVersion else {
            throw BirthRefusal(.securityVersionTooHigh(order.bornWith.securityVersion))
        }
        // What a verifier would refuse must not be born.
        guard station.listed.isValid(at: now) else { throw BirthInterruption.stationExpired(station.listed) }
        let connection = try tpm.connection
        try await step(.readEndorsement)
        let found = try connection.endorsementKey(of: profile)
        let endorsementKey = found.key
        let digest = ContentDigest(of: endorsementKey.publicArea.bytes)

        try await step(.claim)
        guard let lock = try FileLock.trying(station.directory.lock(of: digest)) else { throw BirthInterruption.busy }
        defer { lock.release() }
        guard try !files.isRetired(digest, order.serial) else { throw BirthRefusal(.retired(serial: order.serial)) }
        if let record = try signedBirth(of: endorsementKey) {
            let kept = try connection.entities(of: record, profile: profile)
            let counters = try station.restorations(of: record).last?.counters ?? record.counters
            let differences = try record.differences(of: kept, counters: counters, in: connection, profile: profile)
            let ownership = Ownership(station: station, profile: profile, record: record, tpm: digest)
            if try differences.isEmpty && ownership.isWhole(connection) && !raisesFloor(of: record) {
                try ownership.finish()
                return .alreadyBorn(record)
            }
            return try restore(record, differences: differences, endorsementKey: found, tpm: digest, connection)
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
            let (iak, idevid) = (begun.enrolled.iak, begun.enrolled.idevid)
            keys = try keepKeys(iak, idevid, endorsementKey: connection.keep(found, of: profile), connection)
        } else {
            try refuseForeignTag(connection)
            try await step(.proveResidency)
            let enrolment = Enrolment(
                profile: profile,
                order: order,
                retired: try files.reworks(of: order.serial).map(\.endorsementKey),
                authority: authority
            )
            let outcome = try await enrolment.run(on: tpm, endorsementKey: found, before: step)
            journal = BirthJournal(
                order: order,
                profile: profile,
                bornAt: outcome.bornAt,
                enrolled: outcome.enrolled
            )
            keys = outcome.keys
            try files.save(journal, of: digest)
        }
        let enrolled = journal.enrolled
        // Nothing of ours is loaded now; what is, was left by a program that was killed.
        try connection.flushAbandoned()

        let owner = profile.nvOwner
        try await step(.storeCertificates)
        let iakCertificate = try connection.store(
            enrolled.iak.certificate?.bytes ?? [],
            at: profile.nv.iakCertificate.handle,
            by: owner
        )
        let idevidCertificate = try connection.store(
            enrolled.idevid.certificate?.bytes ?? [],
            at: profile.nv.idevidCertificate.handle,
            by: owner
        )
        try await step(.defineCounters)
        // The floor's base is chosen so that value minus base is the package's security version.
        let version = order.bornWith.securityVersion
        let floor = try connection.counter(at: profile.nv.securityFloor.handle, least: version, by: owner)
        let grants = try connection.counter(at: profile.nv.grants.handle, by: owner)
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
        let birthTag = try connection.store(try CanonicalJSON.encode(tag), at: profile.nv.birthTag.handle, by: owner)

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
        async let judged = record.refusals(policy: station.opened().policy, profile: profile)
        let differences = try record.differences(of: kept, counters: counters, in: connection, profile: profile)
        guard differences.isEmpty else { throw BirthRefusal(.changedSinceBirth(differences.map(\.description))) }
        let refusals = try await judged
        guard refusals.isEmpty else { throw BirthRefusal(refusals) }

        let ownership = Ownership(station: station, profile: profile, record: record, tpm: digest)
        try await step(.lock)
        try connection.lock(kept, by: owner, onlyOpen: ownership.isBegun)
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

    /// Whether the TPM wants an authorization that nobody here has.
    static func isUnauthorised(_ error: TPMError) -> Bool {
        error.code == .authFail || error.code == .badAuth || error.code == .hierarchy
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

    func keepKeys(
        _ iak: BornKey,
        _ idevid: BornKey,
        endorsementKey: consuming PersistentObject,
        _ connection: TPMConnection
    ) throws -> KeptKeys {
        let template = try profile.identityTemplate
        let uniqueY = try profile.uniqueY
        return KeptKeys(
            ek: endorsementKey,
            iak: try connection.keepAgain(iak, template: template.iak(uniqueY: uniqueY)),
            idevid: try connection.keepAgain(idevid, template: template.idevid(uniqueY: uniqueY))
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
