import Crypto
import DurableFiles
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
    /// - Parameter seed: what the keys of an authority that is made now follow from; one that is there keeps its own.
    public init(directory: String, seed: DeviceSeed? = nil) throws {
        let directory = DeviceDirectory(directory).path
        if let existing = try Self.load(directory) {
            self = existing
            return
        }
        let made = try Self.make(seed)
        let temporary = "\(directory).\(UInt64.random(in: 0...UInt64.max))"
        try made.save(temporary)
        do {
            try FileManager.default.moveItem(atPath: temporary, toPath: directory)
            self = made.ca
        } catch {
            try? FileManager.default.removeItem(atPath: temporary)
            guard let existing = try Self.load(directory) else {
                throw SoftwareDeviceError(
                    .input,
                    "\(directory) is there already and holds no \(Self.rootFile), so it is no authority",
                    hint: "choose another"
                )
            }
            self = existing
        }
    }

    /// The file of the root certificate, for a verifier's or factory's directory of vendor roots.
    public static let rootFile = "root.pem"
    public static let intermediateFile = "intermediate.pem"
    static let intermediateKeyFile = "intermediate-key.pem"
    static let rootKeyFile = "root-key.pem"

    /// The most bytes of each file.
    private static let maximumSize = 64 << 10

    init(root: Certificate, intermediate: Certificate, intermediateKey: P256.Signing.PrivateKey) {
        self.root = root
        self.intermediate = intermediate
        self.intermediateKey = intermediateKey
    }

    private static func load(_ directory: String) throws -> LocalCA? {
        guard FileManager.default.fileExists(atPath: "\(directory)/\(rootFile)") else { return nil }
        func read<Value>(_ name: String, _ parse: (String) throws -> Value) throws(SoftwareDeviceError) -> Value {
            let path = "\(directory)/\(name)"
            do {
                return try parse(String(decoding: try BoundedFile.read(path, limit: maximumSize), as: UTF8.self))
            } catch let error as FileError {
                throw SoftwareDeviceError(error)
            } catch {
                throw SoftwareDeviceError(
                    .input,
                    "\(path) cannot be understood",
                    hint: "remove \(directory), and the next birthmark-swtpm make makes a new authority"
                )
            }
        }
        return LocalCA(
            root: try read(rootFile) { try Certificate(pemEncoded: $0) },
            intermediate: try read(intermediateFile) { try Certificate(pemEncoded: $0) },
            intermediateKey: try read(intermediateKeyFile) { try P256.Signing.PrivateKey(pemRepresentation: $0) }
        )
    }
}

/// An authority that was just made, with the root key that only its directory keeps.
private struct FreshCA {
    let ca: LocalCA
    let rootKey: P256.Signing.PrivateKey

    func save(_ directory: String) throws {
        let files: [(name: String, text: String, mode: UInt32)] = [
            (LocalCA.rootKeyFile, rootKey.pemRepresentation, 0o600),
            (LocalCA.intermediateKeyFile, ca.intermediateKey.pemRepresentation, 0o600),
            (LocalCA.intermediateFile, try ca.intermediate.serializeAsPEM().pemString, 0o644),
            (LocalCA.rootFile, try ca.root.serializeAsPEM().pemString, 0o644),
        ]
        do throws(FileError) {
            try PrivateDirectory.make(directory)
            for file in files {
                try AtomicFile.write(Array(file.text.utf8), to: "\(directory)/\(file.name)", mode: file.mode)
            }
        } catch {
            // Nobody else knows its name.
            try? FileManager.default.removeItem(atPath: directory)
            throw SoftwareDeviceError(error)
        }
    }
}

extension LocalCA {
    private static func make(_ seed: DeviceSeed?) throws -> FreshCA {
        let rootKey = try seed?.p256Key("root authority") ?? P256.Signing.PrivateKey()
        let intermediateKey = try seed?.p256Key("intermediate authority") ?? P256.Signing.PrivateKey()
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
