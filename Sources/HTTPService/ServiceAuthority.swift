import Crypto
import DurableFiles
package import Endorsement
import FoundationEssentials
package import Messages
import SwiftASN1
import X509

/// The files of a private key and of the certificate over it, both in PEM.
package struct CertificateFiles: Sendable {
    let key: String
    let certificate: String
    let commonName: String

    /// - Parameters:
    ///   - key: the path of the key, made when there is none.
    ///   - certificate: the path of its certificate, made when there is none.
    ///   - commonName: whose the certificate says it is.
    package init(key: String, certificate: String, commonName: String) {
        self.key = key
        self.certificate = certificate
        self.commonName = commonName
    }
}

/// A service's own CA: it vouches for what the service shows on TLS, and is worth nothing elsewhere.
package struct ServiceAuthority: Sendable {
    private let root: CertificateFiles
    private let server: CertificateFiles
    /// Seconds that other people's clocks may be behind.
    private let clockTolerance: Int64

    private static let maximumFile = 64 << 10
    private static let serverDays: Int64 = 397
    /// A TLS certificate with less than this left is made anew when the service starts.
    private static let renewalDays: Int64 = 30

    package init(root: CertificateFiles, server: CertificateFiles, clockTolerance: Int64) {
        self.root = root
        self.server = server
        self.clockTolerance = clockTolerance
    }

    /// The CA, made when there is none.
    /// - Parameter now: seconds since 1970.
    /// - Throws: `SetupError`, `FileError`, `CertificateAuthority.Failure`.
    package func authority(now: Int64) throws -> CertificateAuthority {
        let key = Certificate.PrivateKey(try Self.key(root.key))
        if let bytes = try Self.read(root.certificate) {
            guard let certificate = try? Certificate(pemEncoded: String(decoding: bytes, as: UTF8.self)) else {
                throw SetupError(
                    .malformed,
                    "\(root.certificate) is not a certificate in PEM",
                    hint: "restore it from a backup"
                )
            }
            return try CertificateAuthority(certificate: certificate, key: key)
        }
        let made = try CertificateAuthority.root(commonName: root.commonName, key: key, at: now - clockTolerance)
        try AtomicFile.write(CertificateAuthority.pem(try made.der()), to: root.certificate, mode: 0o644)
        return made
    }

    /// What the service shows; its certificate is made anew when it runs out, or the hosts are others.
    /// - Parameters:
    ///   - hosts: names and addresses of the service, for its certificate.
    ///   - revoked: callers whose certificates count no more; asked at each request.
    ///   - now: seconds since 1970.
    package func identity(
        hosts: [String],
        revoked: @escaping @Sendable () -> Set<Label> = { [] },
        now: Int64
    ) throws -> EdgeIdentity {
        let authority = try authority(now: now)
        let key = try Self.key(server.key)
        return EdgeIdentity(
            certificate: try certificate(for: key, by: authority, hosts, now: now),
            key: Array(key.pemRepresentation.utf8),
            callerAuthority: authority.certificate,
            revoked: revoked
        )
    }

    private func certificate(
        for key: P256.Signing.PrivateKey,
        by authority: CertificateAuthority,
        _ hosts: [String],
        now: Int64
    ) throws -> Certificate {
        if let bytes = try Self.read(server.certificate),
            let certificate = try? Certificate(pemEncoded: String(decoding: bytes, as: UTF8.self)),
            Int64(certificate.notValidAfter.timeIntervalSince1970) - now > Self.renewalDays * 86_400,
            certificate.publicKey == Certificate.PublicKey(key.publicKey),
            let names = try? certificate.extensions.subjectAlternativeNames,
            try Array(names) == CertificateAuthority.serverNames(hosts)
        {
            return certificate
        }
        let der = try authority.issueServerCertificate(
            commonName: server.commonName,
            key: key.publicKey,
            hosts: hosts,
            from: now - clockTolerance,
            until: now + Self.serverDays * 86_400
        )
        try AtomicFile.write(CertificateAuthority.pem(der), to: server.certificate, mode: 0o644)
        return try Certificate(derEncoded: der)
    }

    private static func key(_ path: String) throws -> P256.Signing.PrivateKey {
        if try read(path) == nil {
            let pem = P256.Signing.PrivateKey().pemRepresentation + "\n"
            // Somebody else may be doing the same: then the key on disk is the one, and what it certifies holds.
            do throws(FileError) {
                try AtomicFile.write(Array(pem.utf8), to: path, existing: .keep)
            } catch {
                guard error.code == .exists else { throw error }
            }
        }
        let bytes = try BoundedFile.readPrivate(path, limit: maximumFile)
        guard let key = try? P256.Signing.PrivateKey(pemRepresentation: String(decoding: bytes, as: UTF8.self)) else {
            throw SetupError(.malformed, "\(path) is not a P-256 private key in PEM", hint: "restore it from a backup")
        }
        return key
    }

    private static func read(_ path: String) throws(FileError) -> [UInt8]? {
        try BoundedFile.readIfThere(path, limit: maximumFile)
    }
}
