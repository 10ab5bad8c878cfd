import Crypto
import DurableFiles
import Endorsement
import FoundationEssentials
import HTTPService
public import Messages
import X509

/// The verifier's own CA: it names operators and the TLS server, and nobody else believes it.
public enum OperatorAuthority {
    /// Seconds that other people's clocks may be behind.
    static let clockTolerance: Int64 = 300

    /// Takes up the CA, or makes its certificate when there is none.
    static func make(
        _ directory: VerifierDirectory,
        _ keys: KeyFiles,
        name: Label,
        now: Int64
    ) throws -> CertificateAuthority {
        let key = try keys.p256(.operatorCA)
        if !FileManager.default.fileExists(atPath: directory.operatorCA) {
            let authority = try CertificateAuthority.root(
                commonName: String("\(name) operators".prefix(64)),
                key: Certificate.PrivateKey(key),
                at: now - clockTolerance
            )
            try AtomicFile.write(
                CertificateAuthority.pem(try authority.der()),
                to: directory.operatorCA,
                mode: 0o644,
                existing: .keep
            )
        }
        return try CertificateAuthority(
            certificate: try VerifierMaterials.certificate(directory.operatorCA),
            key: Certificate.PrivateKey(key)
        )
    }

    /// Issues an operator's certificate with a fresh key: `operators/<name>/cert.pem` and `key.pem`.
    /// - Parameters:
    ///   - days: how long it is good for.
    ///   - now: seconds since 1970.
    /// - Returns: the directory of both files.
    /// - Throws: `SetupError` or `FileError`; an operator who is there already stays as he is.
    public static func issue(
        _ operatorName: Label,
        roles: Set<OperatorRole>,
        days: Int,
        in directory: VerifierDirectory,
        now: Int64
    ) throws -> String {
        try directory.checkPrivate()
        // Two at once would leave one's certificate beside the other's key.
        let lock = try FileLock.waiting(for: directory.setupLock)
        defer { lock.release() }
        let keys = KeyFiles(directory: directory)
        let authority = try make(directory, keys, name: try directory.readConfiguration().name, now: now)
        let key = P256.Signing.PrivateKey()
        let uris =
            [OperatorURI.name + operatorName.text]
            + roles.map { OperatorURI.role + $0.rawValue }.sorted()
        let certificate = try authority.issueClientCertificate(
            commonName: operatorName.text,
            key: key.publicKey,
            uris: uris,
            from: now - clockTolerance,
            until: now + Int64(days) * 86_400
        )
        let place = directory.operatorDirectory(operatorName)
        try PrivateDirectory.make(directory.file("operators"))
        try PrivateDirectory.make(place)
        guard !FileManager.default.fileExists(atPath: place + "/key.pem") else {
            throw SetupError(
                .environment,
                "operator \(operatorName) has a certificate already, in \(place)",
                hint: "to renew it, move that directory away first"
            )
        }
        // The key comes last: with it the directory is whole, and until then the same again finishes it.
        try AtomicFile.write(CertificateAuthority.pem(certificate), to: place + "/cert.pem", mode: 0o644)
        try AtomicFile.write(Array((key.pemRepresentation + "\n").utf8), to: place + "/key.pem", existing: .keep)
        return place
    }
}
