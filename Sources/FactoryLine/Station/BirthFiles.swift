import DurableFiles
import FactoryAuthority
import FoundationEssentials
import Messages

/// The journals, claims and births of a station on disk.
struct BirthFiles: Sendable {
    let directory: FactoryDirectory
    /// The station's key, that of all its statements.
    let key: StatementKey

    init(_ station: Station) {
        directory = station.directory
        key = station.listed.key
    }

    /// A file that says what nobody else knows: deleting it would let one device be born twice.
    func damaged(_ path: String, _ detail: String) -> Station.Failure {
        .damaged(path: path, "\(detail); restore it from a backup, never delete it")
    }

    /// Makes this TPM the one with this serial number, or takes up the birth that was interrupted.
    ///
    /// What binds for ever is a birth whose certificates were issued; before that a serial number goes back when the
    /// attempt ends, so that a board with a bad TPM can be replaced.
    /// - Returns: the journal of the interrupted birth; nil when one begins.
    func claim(_ order: BirthOrder, profile: ProvisioningProfile, tpm: ContentDigest) throws -> BirthJournal? {
        try claims.claim(order.serial, for: tpm) { _ in
            guard let journal = try journal(of: tpm) else { return nil }
            guard journal.order.serial == order.serial else {
                throw BirthRefusal(.bornAs(serial: journal.order.serial))
            }
            var differences = journal.order.differences(from: order)
            if journal.profile != profile { differences.append("profile") }
            guard differences.isEmpty else { throw BirthRefusal(.orderDiffers(differences)) }
            return journal
        } release: { holder in
            guard try isRetired(holder, order.serial) || !isBound(order.serial, to: holder) else {
                throw BirthRefusal(.serialTaken(by: holder))
            }
        }
    }

    var claims: SerialClaims {
        SerialClaims(
            lock: directory.claimLock,
            path: directory.claim,
            tpmLock: directory.lock,
            damaged: damaged
        )
    }

    /// Whether another TPM keeps a serial number: its certificates were issued, or its birth is under way right now.
    func isBound(_ serial: Label, to holder: ContentDigest) throws -> Bool {
        if let journal = try journal(of: holder) { return journal.order.serial == serial }
        return try claims.isBusy(holder)
    }

    /// The TPM that a serial number is bound to, because its certificates were issued; nil when any TPM may have it.
    func binding(of serial: Label) throws -> ContentDigest? {
        var bound = try holder(of: serial)
        if let holder = bound, try journal(of: holder)?.order.serial != serial { bound = nil }
        // Between the CA's writing down and the journal's a station can be killed; a CA of its own it can ask.
        guard let holder = try bound ?? FactoryAuthority.holder(of: serial, in: directory.authority) else { return nil }
        return try isRetired(holder, serial) ? nil : holder
    }

    func journal(of tpm: ContentDigest) throws -> BirthJournal? {
        let path = directory.journal(of: tpm)
        guard let bytes = try BoundedFile.readIfThere(path, limit: BirthJournal.maximumSize) else { return nil }
        do {
            let journal = try CanonicalJSON.decode(BirthJournal.self, from: bytes, limit: BirthJournal.maximumSize)
            guard journal.formatVersion == 1 else {
                throw damaged(path, "journal format \(journal.formatVersion) is not known here")
            }
            return journal
        } catch let error as MessageError {
            throw damaged(path, error.detail)
        }
    }

    func save(_ journal: BirthJournal, of tpm: ContentDigest) throws {
        try AtomicFile.write(try CanonicalJSON.encode(journal), to: directory.journal(of: tpm))
    }

    /// The TPM that a serial number was claimed for.
    func holder(of serial: Label) throws -> ContentDigest? { try claims.holder(of: serial) }

    /// The signed birth that has a serial number; nil when there is none yet.
    func birth(of serial: Label) throws -> SignedEnvelope? { try envelope(directory.birth(current(serial))) }

    /// The n-th restoration of a device; nil when there were fewer.
    func restoration(_ number: UInt32, of instance: InstanceID) throws -> SignedEnvelope? {
        try envelope(directory.restoration(number, of: instance))
    }

    /// Puts down that a device was restored; the file is never replaced.
    func finish(_ restoration: SignedEnvelope, number: UInt32, of instance: InstanceID) throws {
        let path = directory.restoration(number, of: instance)
        try AtomicFile.write(try CanonicalJSON.encode(restoration), to: path, existing: .keep)
    }

    func envelope(_ path: String) throws -> SignedEnvelope? {
        guard let bytes = try BoundedFile.readIfThere(path, limit: SignedEnvelope.maximumSize) else { return nil }
        do {
            return try SignedEnvelope(parsing: bytes)
        } catch {
            throw damaged(path, error.detail)
        }
    }

    /// The names of all signed births, sorted, those of swapped boards among them.
    func births() throws -> [BirthName] {
        try FileManager.default.contentsOfDirectory(atPath: directory.births)
            .compactMap { name in name.hasSuffix(".json") ? BirthName(name.dropLast(5)) : nil }
            .sorted()
    }

    /// Puts a finished birth down, once: the file is never replaced.
    func finish(_ birth: SignedEnvelope, of serial: Label) throws {
        try AtomicFile.write(
            try CanonicalJSON.encode(birth),
            to: directory.birth(current(serial)),
            existing: .keep
        )
    }

    /// Keeps an event log under its digest.
    func keep(log: [UInt8]) throws -> ContentDigest {
        let digest = ContentDigest(of: log)
        do {
            try AtomicFile.write(log, to: directory.log(digest), existing: .keep)
        } catch {
            // The same bytes under the same name.
            guard error.code == .exists else { throw error }
        }
        return digest
    }

    func log(_ digest: ContentDigest) throws -> [UInt8]? {
        try BoundedFile.readIfThere(directory.log(digest), limit: Evidence.maximumLogSize)
    }
}
