import DurableFiles
public import Endorsement
public import Messages
import SwiftASN1

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

        struct Entry: Codable, Hashable {
            var serialNumber: HexBytes
            var serial: Label
            var date: Int64
            var reason: RevocationReason
        }

        // Some 200 bytes a certificate: room for 80,000 of them.
        static let maximumSize = 16 << 20
    }

    /// Why nothing can be revoked.
    public enum RevocationFailure: Error, Sendable, CustomStringConvertible {
        /// Nothing was certified under this serial number.
        case unknown(Label)

        /// One sentence for people.
        public var description: String {
            switch self {
            case .unknown(let serial): "nothing was certified here for a device \(serial)"
            }
        }
    }

    /// What was signed.
    public struct RevocationReport: Encodable, Sendable {
        /// The file, in PEM.
        public var file: String
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
        guard let (_, entry) = try register.holder(issuedTo: serial) else { throw RevocationFailure.unknown(serial) }
        try change { revoked in
            for certificate in [entry.certificates.iak, entry.certificates.idevid] {
                let number = HexBytes(try ParsedCertificate(der: certificate.bytes).serialNumber)
                guard !revoked.certificates.contains(where: { $0.serialNumber == number }) else { continue }
                revoked.certificates.append(
                    Revoked.Entry(serialNumber: number, serial: serial, date: date, reason: reason)
                )
            }
        }
    }

    /// Signs the issuing level's list anew and puts it where it is served.
    /// - Parameter days: how long it is good for.
    public func signRevocationList(at date: Int64, days: Int64) throws -> RevocationReport {
        var signed = RevocationReport(
            file: directory.revocationList,
            number: 0,
            revoked: 0,
            nextUpdate: date + days * 86_400
        )
        try change { revoked in
            revoked.number += 1
            signed.number = revoked.number
            signed.revoked = revoked.certificates.count
            let der = try issuing.revocationList(
                revoked.certificates.map {
                    RevokedCertificate(serialNumber: $0.serialNumber.bytes, date: $0.date, reason: $0.reason)
                },
                number: revoked.number,
                thisUpdate: date,
                nextUpdate: signed.nextUpdate
            )
            let pem = PEMDocument(type: "X509 CRL", derBytes: der).pemString + "\n"
            try AtomicFile.write(Array(pem.utf8), to: directory.revocationList, mode: 0o644)
        }
        return signed
    }

    private func change(_ body: (inout Revoked) throws -> Void) throws {
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
        try body(&revoked)
        try AtomicFile.write(try CanonicalJSON.encode(revoked), to: directory.revoked)
    }
}
