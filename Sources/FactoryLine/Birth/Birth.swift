import DurableFiles
import FactoryAuthority
import Messages
import TPMDevice
import TPMWire

/// One attempt at one birth.
struct Birth: Sendable {
    let station: Station
    let order: BirthOrder
    let profile: ProvisioningProfile
    let eventLog: [UInt8]?
    let now: Int64
    let securityFloor: UInt64?
    let formerValues: AuthorizationValues?
    let authority: any CertifyingAuthority

    /// Counting a fresh counter up takes some milliseconds an increment on hardware; agents have the same bound.
    static let maximumSecurityVersion: UInt64 = 1_000

    var files: BirthFiles { BirthFiles(station) }

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
        let board = ContentDigest(of: endorsementKey.publicArea.bytes)
        let digest = order.life(of: board)

        try await step(.claim)
        guard let lock = try FileLock.trying(station.directory.lock(of: digest)) else { throw BirthInterruption.busy }
        defer { lock.release() }
        guard try !files.isRetired(board, order.serial), try !files.isRetired(digest, order.serial) else {
            throw BirthRefusal(.retired(serial: order.serial))
        }
        if let record = try signedBirth(of: endorsementKey) {
            return try lookAgain(at: record, endorsementKey: found, tpm: digest, connection)
        }
        let identity = Messages.TPMIdentity(try connection.identity())
        var findings = try judge(identity, endorsementKey)
        try releaseHierarchies(tpm: digest, connection)
        try Ownership.check(station, profile, tpm: digest, connection)
        let begun = try await begin(on: tpm, endorsementKey: found, digest: digest, before: step)
        // A CA host has a clock of its own, and its date stays for ever.
        guard station.listed.isValid(at: begun.journal.bornAt) else {
            throw BirthInterruption.datedOutside(station.listed)
        }
        let enrolled = begun.journal.enrolled
        findings += try profile.judge(
            iak: TPMTPublic(parsing: enrolled.iak.publicArea.bytes),
            idevid: TPMTPublic(parsing: enrolled.idevid.publicArea.bytes)
        )
        // Nothing of ours is loaded now; what is, was left by a program that was killed.
        try connection.flushAbandoned()

        let owner = profile.nvOwner
        try await step(.storeCertificates)
        try removeFormerOwner(begun.journal, connection)
        let certificates = try await storeCertificates(
            of: enrolled,
            isResumed: begun.isResumed,
            connection,
            on: tpm
        )
        try await step(.defineCounters)
        // The floor's base is chosen so that value minus base is the package's security version.
        let version = order.bornWith.securityVersion
        let floor = try connection.counter(at: profile.nv.securityFloor.handle, least: version, by: owner)
        let grants = try connection.counter(
            at: profile.nv.grants.handle,
            least: try leastGrants(above: floor.value),
            by: owner
        )
        let counters = BornCounters(
            securityFloor: BornCounter(index: profile.nv.securityFloor.handle.rawValue, base: floor.value - version),
            grants: BornCounter(index: profile.nv.grants.handle.rawValue, base: grants.value)
        )
        try await step(.writeTag)
        let tag = BirthTag(
            instance: InstanceID(iakName: enrolled.iak.name.bytes),
            serial: order.serial,
            counters: counters,
            selection: profile.selection,
            iakHandle: enrolled.iak.handle,
            profile: profile.name,
            idevidHandle: enrolled.idevid.handle,
            certificates: profile.nv.certificates,
            takenOver: order.takesOver.map { _ in begun.journal.bornAt }
        )
        let birthTag = try connection.store(try CanonicalJSON.encode(tag), at: profile.nv.birthTag.handle, by: owner)

        try await step(.quoteFirstBoot)
        let firstBoot = try quoteFirstBoot(enrolled, with: begun.keys.iak, connection)
        let record = try record(begun.journal.bornAt, enrolled, counters, firstBoot, identity, findings)
        let kept = KeptEntities(
            keys: begun.keys,
            certificates: certificates,
            birthTag: birthTag,
            securityFloor: floor.index,
            grants: grants.index
        )
        try await finish(record, counters: counters, kept: kept, tpm: digest, on: tpm, before: step)
        return .born(record)
    }
}
