import DurableFiles
import Messages
import TPMWire

/// What the CA has issued, one file a TPM: written down before anybody is told, so that a station that was killed gets
/// the same certificates again, and no TPM gets others.
struct IssuedRegister: Sendable {
    let directory: AuthorityDirectory

    /// The certificates of one TPM.
    struct Entry: Codable, Hashable, Sendable {
        var formatVersion = 1
        var serial: Label
        var model: Label
        /// Who asked.
        var station: Label
        /// The Names of attestation and identity key.
        var iakName: HexBytes
        var idevidName: HexBytes
        var certificates: EnrolmentCertificates
        /// Advisories about its keys that the line let pass; absent when it had to let none.
        var waivedAdvisories: [AdvisoryWaiver]?
    }

    private static let maximumSize = 64 << 10

    /// Makes this TPM the one with this serial number, unless either belongs to another.
    ///
    /// - Parameters:
    ///   - station: who asks; only the station that bore a board can swap it.
    ///   - retired: TPMs whose place this one may take, as that station says.
    ///   - supersede: called with what was issued for such a TPM, before its place is taken; what it throws leaves everything as it is.
    func claim(
        _ serial: Label,
        of tpm: ContentDigest,
        from station: Label,
        retired: [ContentDigest],
        supersede: (Entry) throws -> Void
    ) throws -> Entry? {
        try claims.claim(serial, for: tpm) { holder in
            guard let entry = try entry(of: tpm) else { return nil }
            guard entry.serial == serial else { throw BirthRefusal(.bornAs(serial: entry.serial)) }
            guard holder == tpm else { throw BirthRefusal(.retired(serial: serial)) }
            return entry
        } release: { holder in
            guard let issued = try entry(of: holder) else {
                guard try !claims.isBusy(holder) else { throw BirthRefusal(.serialTaken(by: holder)) }
                return
            }
            guard retired.contains(holder), issued.station == station else {
                throw BirthRefusal(.serialTaken(by: holder))
            }
            try supersede(issued)
        }
    }

    private var claims: SerialClaims {
        SerialClaims(
            lock: directory.claimLock,
            path: directory.claim,
            tpmLock: directory.lock,
            damaged: damaged
        )
    }

    /// The entry of a TPM; nil when nothing was issued for it.
    func entry(of tpm: ContentDigest) throws -> Entry? {
        let path = directory.entry(of: tpm)
        guard let bytes = try AuthorityFailure.read(path, limit: Self.maximumSize) else { return nil }
        do {
            let entry = try CanonicalJSON.decode(Entry.self, from: bytes, limit: Self.maximumSize)
            guard entry.formatVersion == 1 else {
                throw damaged(path, "register format \(entry.formatVersion) is not known here")
            }
            return entry
        } catch let error as MessageError {
            throw damaged(path, error.detail)
        }
    }

    /// Writes an entry down, once.
    func record(_ entry: Entry, of tpm: ContentDigest) throws {
        try AtomicFile.write(try CanonicalJSON.encode(entry), to: directory.entry(of: tpm), existing: .keep)
    }

    /// Held while certificates are issued for one TPM; nil while somebody else does.
    func lock(_ tpm: ContentDigest) throws -> FileLock? { try FileLock.trying(directory.lock(of: tpm)) }

    /// What was issued for the TPM that has a serial number; nil when nothing was.
    func entry(issuedTo serial: Label) throws -> Entry? {
        guard let holder = try claims.holder(of: serial), let entry = try entry(of: holder), entry.serial == serial
        else {
            return nil
        }
        return entry
    }

    /// The TPM that has a serial number and certificates for it.
    func holder(issuedTo serial: Label) throws -> ContentDigest? {
        try entry(issuedTo: serial) == nil ? nil : claims.holder(of: serial)
    }

    /// A file that says what nobody else knows: deleting it would let one device be certified twice.
    private func damaged(_ path: String, _ detail: String) -> AuthorityFailure {
        .damaged(path: path, "\(detail); restore it from a backup, never delete it")
    }
}
