import Crypto
import DurableFiles
import Endorsement
import FoundationEssentials
import HTTPService
import SwiftASN1
import X509

/// What a witness shows those who ask it: a certificate of a CA of its own, which is worth nothing elsewhere.
extension WitnessDirectory {
    /// Seconds that the clocks of those who ask may be behind.
    private static let clockTolerance: Int64 = 86_400
    private static let tlsDays: Int64 = 397
    /// A TLS certificate with less than this left is made anew when the witness starts.
    private static let renewalDays: Int64 = 30
    private static let maximumFile = 64 << 10

    /// Makes CA, key and certificate that are not there, or run out.
    func identity(_ configuration: WitnessConfiguration, now: Int64) throws -> EdgeIdentity {
        let authority = try authority(now: now)
        let key = try privateKey(tlsKey)
        return EdgeIdentity(
            certificate: try certificate(for: key, authority, configuration, now: now),
            key: Array(key.pemRepresentation.utf8),
            callerAuthority: authority.certificate,
            revoked: []
        )
    }

    private func certificate(
        for key: P256.Signing.PrivateKey,
        _ authority: CertificateAuthority,
        _ configuration: WitnessConfiguration,
        now: Int64
    ) throws -> Certificate {
        if let kept = try certificate(tlsCertificate),
            Int64(kept.notValidAfter.timeIntervalSince1970) - now > Self.renewalDays * 86_400,
            kept.publicKey == Certificate.PublicKey(key.publicKey)
        {
            return kept
        }
        let der = try authority.issueServerCertificate(
            commonName: "birthmark witness",
            key: key.publicKey,
            hosts: configuration.hosts,
            from: now - Self.clockTolerance,
            until: now + Self.tlsDays * 86_400
        )
        try AtomicFile.write(CertificateAuthority.pem(der), to: tlsCertificate, mode: 0o644)
        return try Certificate(derEncoded: der)
    }

    private func authority(now: Int64) throws -> CertificateAuthority {
        let key = Certificate.PrivateKey(try privateKey(authorityKey))
        if let kept = try certificate(roots) { return try CertificateAuthority(certificate: kept, key: key) }
        let made = try CertificateAuthority.root(
            commonName: "birthmark witness, own CA",
            key: key,
            at: now - Self.clockTolerance
        )
        try AtomicFile.write(CertificateAuthority.pem(try made.der()), to: roots, mode: 0o644)
        return made
    }

    private func certificate(_ path: String) throws -> Certificate? {
        guard let bytes = try BoundedFile.readIfThere(path, limit: Self.maximumFile) else { return nil }
        guard let certificate = try? Certificate(pemEncoded: String(decoding: bytes, as: UTF8.self)) else {
            throw SetupError(.malformed, "\(path) is not a certificate in PEM", hint: "restore it from a backup")
        }
        return certificate
    }

    private func privateKey(_ path: String) throws -> P256.Signing.PrivateKey {
        if let bytes = try BoundedFile.readIfThere(path, limit: Self.maximumFile) {
            guard let key = try? P256.Signing.PrivateKey(pemRepresentation: String(decoding: bytes, as: UTF8.self))
            else {
                throw SetupError(
                    .malformed,
                    "\(path) is not a P-256 private key in PEM",
                    hint: "restore it from a backup"
                )
            }
            return key
        }
        let key = P256.Signing.PrivateKey()
        try AtomicFile.write(Array((key.pemRepresentation + "\n").utf8), to: path)
        return key
    }
}
