import Crypto
import Foundation
import SwiftASN1
public import X509

/// A TPM maker's certificate authority, for software devices only.
///
/// A root that stays away from the line, and an intermediate that signs endorsement certificates. Whoever has the
/// directory can make TPMs that look genuine to those who trust the root.
public struct LocalCA: Sendable {
    public let root: Certificate
    public let intermediate: Certificate
    let intermediateKey: P256.Signing.PrivateKey

    /// Opens the authority in a directory, and makes it on first use.
    ///
    /// Many processes may do so at once: one of them makes it, the others find it.
    public init(directory: String) throws {
        let directory = DeviceDirectory(directory).path
        if let existing = try Self.load(directory) {
            self = existing
            return
        }
        let made = try Self.make()
        let temporary = "\(directory).\(UInt64.random(in: 0...UInt64.max))"
        try made.save(temporary)
        do {
            try FileManager.default.moveItem(atPath: temporary, toPath: directory)
            self = made.ca
        } catch {
            try? FileManager.default.removeItem(atPath: temporary)
            guard let existing = try Self.load(directory) else { throw error }
            self = existing
        }
    }

    /// The file of the root certificate, for a verifier's or factory's directory of vendor roots.
    public static let rootFile = "root.pem"
    public static let intermediateFile = "intermediate.pem"
    static let intermediateKeyFile = "intermediate-key.pem"
    static let rootKeyFile = "root-key.pem"

    init(root: Certificate, intermediate: Certificate, intermediateKey: P256.Signing.PrivateKey) {
        self.root = root
        self.intermediate = intermediate
        self.intermediateKey = intermediateKey
    }

    private static func load(_ directory: String) throws -> LocalCA? {
        guard FileManager.default.fileExists(atPath: "\(directory)/\(rootFile)") else { return nil }
        func text(_ name: String) throws -> String {
            try String(contentsOfFile: "\(directory)/\(name)", encoding: .utf8)
        }
        return LocalCA(
            root: try Certificate(pemEncoded: text(rootFile)),
            intermediate: try Certificate(pemEncoded: text(intermediateFile)),
            intermediateKey: try P256.Signing.PrivateKey(pemRepresentation: text(intermediateKeyFile))
        )
    }
}

/// An authority that was just made, with the root key that only its directory keeps.
private struct FreshCA {
    let ca: LocalCA
    let rootKey: P256.Signing.PrivateKey

    func save(_ directory: String) throws {
        let files = FileManager.default
        try files.createDirectory(
            atPath: directory,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        func write(_ name: String, _ text: String, mode: Int) throws {
            let path = "\(directory)/\(name)"
            guard
                files.createFile(
                    atPath: path,
                    contents: Data(text.utf8),
                    attributes: [.posixPermissions: mode]
                )
            else { throw SoftwareDeviceError(.environment, "\(path) cannot be written.") }
        }
        try write(LocalCA.rootKeyFile, rootKey.pemRepresentation, mode: 0o600)
        try write(LocalCA.intermediateKeyFile, ca.intermediateKey.pemRepresentation, mode: 0o600)
        try write(LocalCA.intermediateFile, ca.intermediate.serializeAsPEM().pemString, mode: 0o644)
        try write(LocalCA.rootFile, ca.root.serializeAsPEM().pemString, mode: 0o644)
    }
}

extension LocalCA {
    private static func make() throws -> FreshCA {
        let rootKey = P256.Signing.PrivateKey()
        let intermediateKey = P256.Signing.PrivateKey()
        let rootName = try DistinguishedName { CommonName("Birthmark Software TPM Root CA") }
        let intermediateName = try DistinguishedName { CommonName("Birthmark Software TPM Intermediate CA") }
        let root = try authority(
            named: rootName,
            key: rootKey.publicKey,
            pathLength: 1,
            issuer: rootName,
            issuerKey: rootKey
        )
        let intermediate = try authority(
            named: intermediateName,
            key: intermediateKey.publicKey,
            pathLength: 0,
            issuer: rootName,
            issuerKey: rootKey
        )
        return FreshCA(
            ca: LocalCA(root: root, intermediate: intermediate, intermediateKey: intermediateKey),
            rootKey: rootKey
        )
    }

    private static func authority(
        named subject: DistinguishedName,
        key: P256.Signing.PublicKey,
        pathLength: Int,
        issuer: DistinguishedName,
        issuerKey: P256.Signing.PrivateKey
    ) throws -> Certificate {
        let subjectKey = Certificate.PublicKey(key)
        let now = Date.now
        return try Certificate(
            version: .v3,
            serialNumber: Certificate.SerialNumber(),
            publicKey: subjectKey,
            notValidBefore: now.addingTimeInterval(-clockSkew),
            notValidAfter: now.addingTimeInterval(lifetime),
            issuer: issuer,
            subject: subject,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: pathLength))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                SubjectKeyIdentifier(hash: subjectKey)
                AuthorityKeyIdentifier(
                    keyIdentifier: SubjectKeyIdentifier(hash: Certificate.PublicKey(issuerKey.publicKey)).keyIdentifier
                )
            },
            issuerPrivateKey: Certificate.PrivateKey(issuerKey)
        )
    }

    /// Ten years: devices outlive every test.
    static let lifetime: Double = 10 * 365 * 86_400
    /// A verifier whose clock is a little behind accepts what was just made.
    static let clockSkew: Double = 3_600
}
