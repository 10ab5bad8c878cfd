import DurableFiles
public import Endorsement
public import Messages

/// The certificates of the issuing level that count no more, and the list that says so.
///
/// Read-change-write under a lock; a crash leaves the old state or the new one. A list can be signed again at any time.
extension FactoryAuthority {
    /// What stands in `revoked.json`.
    private struct Revoked: Codable {
        var formatVersion = 1
        /// The number of the last list that was signed.
        var number: UInt64 = 0
        var certificates: [Entry] = []

        var serialNumbers: Set<[UInt8]> { Set(certificates.map(\.serialNumber.bytes)) }

        struct Entry: Codable, Hashable {
            var serialNumber: HexBytes
            var serial: Label
            var date: Int64
            var reason: RevocationReason
        }

        // At most 200 bytes each here, and 80 on the list in PEM: both files stay below what they are read with.
        static let maximumCount = 80_000
        static let maximumSize = 16 << 20
    }

    /// Why nothing can be revoked.
    public enum RevocationFailure: Error, Sendable, CustomStringConvertible {
        /// Nothing was certified under this serial number.
        case unknown(Label)
        /// The list has the most certificates that its readers take.
        case full(Label)

        /// One sentence for people.
        public var description: String {
            switch self {
            case .unknown(let serial): "nothing was certified here for a device \(serial)"
            case .full(let serial):
                "\(Revoked.maximumCount) certificates are taken back here, the most that a list has, and those of \(serial) are not"
            }
        }

        /// What to do about it.
        public var hint: String {
            switch self {
            case .unknown: "check the serial number; what a station certified itself is taken back in its own ca/"
            case .full: "retire the device at its verifiers, which refuse it then: birthmark device retire"
            }
        }
    }

    /// What was signed.
    public struct RevocationReport: Encodable, Sendable {
        /// The file, in PEM.
        public var file: String
        /// Its number (RFC 5280 section 5.2.3), above that of the list before.
        public var number: UInt64
        /// Certificates on it.
        public var revoked: Int
        /// Seconds since 1970 until which nobody needs another.
        public var nextUpdate: Int64
    }

    /// Takes both certificates of a device back; done twice it changes nothing.
    ///
    /// The list is not signed anew.
    public func revoke(_ serial: Label, for reason: RevocationReason, at date: Int64) throws {
        guard let entry = try register.entry(issuedTo: serial) else { throw RevocationFailure.unknown(serial) }
        try revoke(entry, for: reason, at: date)
    }

    func revoke(_ entry: IssuedRegister.Entry, for reason: RevocationReason, at date: Int64) throws {
        try changing { revoked in
            for certificate in [entry.certificates.iak, entry.certificates.idevid] {
                let number = HexBytes(try ParsedCertificate(der: certificate.bytes).serialNumber)
                guard !revoked.certificates.contains(where: { $0.serialNumber == number }) else { continue }
                guard revoked.certificates.count < Revoked.maximumCount else {
                    throw RevocationFailure.full(entry.serial)
                }
                revoked.certificates.append(
                    Revoked.Entry(serialNumber: number, serial: entry.serial, date: date, reason: reason)
                )
            }
            try write(revoked)
        }
    }

    /// How long the first list is good for, unless somebody says otherwise.
    private static let firstListDays: Int64 = 30
    /// A list is due when less than a third of its time is left: so long the host may be down, and the list on its way.
    private static let renewalPart: Int64 = 3
    private static let day: Int64 = 86_400

    /// Signs the issuing level's list anew and puts it where it is served.
    /// - Parameter days: how long it is good for; nil: as long as the last one.
    public func signRevocationList(at date: Int64, days: Int64? = nil) throws -> RevocationReport {
        try changing { revoked in
            let list = try currentList(revoked)
            return try sign(&revoked, after: list, at: date, for: days.map { $0 * Self.day } ?? span(of: list))
        }
    }

    /// Signs the list anew when that is due, for as long as the last one; nil when it is not.
    ///
    /// It is due when there is none of this CA's, when a certificate that was taken back is not on it, when less than a
    /// third of its time is left, and when its time has not begun: it was signed while the clock was ahead.
    public func renewRevocationList(at date: Int64) throws -> RevocationReport? {
        try changing { revoked in
            let list = try currentList(revoked)
            if let list, let end = list.nextUpdate, list.thisUpdate <= date,
                end - date >= span(of: list) / Self.renewalPart, list.revoked == revoked.serialNumbers
            {
                return nil
            }
            return try sign(&revoked, after: list, at: date, for: span(of: list))
        }
    }

    /// The list that is served, if it is of the issuing level's making; everything on any other can be signed again.
    /// - Parameter revoked: what is known besides it; where that is nothing, a list that is damaged is the last that knew.
    private func currentList(_ revoked: Revoked) throws(AuthorityFailure) -> CertificateRevocationList? {
        let path = directory.revocationList
        guard let issuer = policy.anchors.intermediates.first,
            try AuthorityFailure.run({ () throws(FileError) in try FilePresence.isThere(path) })
        else { return nil }
        do throws(TrustDirectory.Failure) {
            return try TrustDirectory.readLists(path, allowing: []).first { $0.isIssued(by: issuer) }
        } catch {
            if case .file(let error) = error { throw .file(error) }
            guard revoked.number > 0 || !revoked.certificates.isEmpty else {
                throw .damaged(
                    path: path,
                    "cannot be read, and \(directory.revoked) is gone: restore one of them from a backup"
                )
            }
            return nil
        }
    }

    private func span(of list: CertificateRevocationList?) -> Int64 {
        guard let list, let end = list.nextUpdate, end > list.thisUpdate else { return Self.firstListDays * Self.day }
        return end - list.thisUpdate
    }

    private func sign(
        _ revoked: inout Revoked,
        after last: CertificateRevocationList?,
        at date: Int64,
        for span: Int64
    ) throws -> RevocationReport {
        // What was taken back once is never given back, least of all by a file that was lost.
        guard last?.revoked.isSubset(of: revoked.serialNumbers) ?? true else {
            throw AuthorityFailure.damaged(
                path: directory.revoked,
                "it lacks certificates that are on \(directory.revocationList); restore it from a backup"
            )
        }
        // Numbers go on where the last list ended, should the file that counts them be lost.
        let (number, isPast) = max(revoked.number, last?.count ?? 0).addingReportingOverflow(1)
        guard !isPast else {
            throw AuthorityFailure.damaged(path: directory.revoked, "no list can have a higher number")
        }
        // On disk before it is used: no two lists have one number.
        revoked.number = number
        try write(revoked)
        let end = date + span
        let der = try issuing.revocationList(
            revoked.certificates.map {
                RevokedCertificate(serialNumber: $0.serialNumber.bytes, date: $0.date, reason: $0.reason)
            },
            number: revoked.number,
            thisUpdate: date,
            nextUpdate: end
        )
        try AtomicFile.write(CertificateRevocationList.pem(der), to: directory.revocationList, mode: 0o644)
        return RevocationReport(
            file: directory.revocationList,
            number: revoked.number,
            revoked: revoked.certificates.count,
            nextUpdate: end
        )
    }

    private func changing<Value>(_ body: (inout Revoked) throws -> Value) throws -> Value {
        let lock = try FileLock.waiting(for: directory.revoked + ".lock")
        defer { lock.release() }
        var revoked = Revoked()
        if let bytes = try AuthorityFailure.read(directory.revoked, limit: Revoked.maximumSize) {
            do {
                revoked = try CanonicalJSON.decode(Revoked.self, from: bytes, limit: Revoked.maximumSize)
            } catch {
                throw AuthorityFailure.damaged(path: directory.revoked, "\(error.detail); restore it from a backup")
            }
        }
        return try body(&revoked)
    }

    private func write(_ revoked: Revoked) throws {
        try AtomicFile.write(try CanonicalJSON.encode(revoked), to: directory.revoked)
    }
}

extension CertificateRevocationList {
    /// The number of a list that a CA like this one has signed; nil when it is none that one would give.
    fileprivate var count: UInt64? {
        guard let number, number.count <= UInt64.bitWidth / 8 else { return nil }
        return number.reduce(0) { $0 << 8 | UInt64($1) }
    }
}
