import Crypto
import DurableFiles
import FoundationEssentials
import HTTPService
public import Ledger
public import Messages
import NIOSSL
import SwiftASN1
public import UpdateTrust
import X509

/// Everything that the service needs from its directory, read and held to one another.
public struct VerifierMaterials: Sendable {
    public let directory: VerifierDirectory
    public let configuration: VerifierConfiguration
    /// The policy's exact bytes.
    public let policy: [UInt8]
    public let grantSigner: GrantSigner
    public let resultSigner: ResultSigner
    public let checkpointSigner: CheckpointSigner
    let challengeKey: SymmetricKey
    let tlsKey: P256.Signing.PrivateKey
    let tlsCertificate: Certificate
    let operatorCA: Certificate
    /// Whose word counted when the directory was read; ``TrustInForce`` knows whose does now.
    let trust: TrustLists
    /// Who cosigns the ledger.
    let witnesses: [LedgerWitness]

    /// Reads the directory.
    /// - Throws: `SetupError`, or a `FileError`; both say what to do.
    public init(_ directory: VerifierDirectory) throws {
        self.directory = directory
        try PrivateDirectory.check(directory.path)
        configuration = try Self.parsed(directory.configuration, VerifierConfiguration.maximumSize) { bytes in
            try VerifierConfiguration(parsing: bytes)
        }
        let keys = KeyFiles(directory: directory)
        grantSigner = try GrantSigner(key: try keys.p256(.grant))
        guard keys.holds(.results) else {
            throw SetupError(
                .environment,
                "there is no key for attestation results, \(directory.key(.results))",
                hint: "birthmark-verifier init \(directory.path) makes what is missing, and replaces nothing"
            )
        }
        resultSigner = try ResultSigner(key: try keys.p256(.results))
        challengeKey = try keys.symmetric(.challenge)
        tlsKey = try keys.p256(.tls)
        do {
            checkpointSigner = try CheckpointSigner(
                origin: configuration.ledgerOrigin,
                privateKey: try keys.ed25519(.ledger)
            )
        } catch let error as LedgerFormatError {
            throw SetupError(.malformed, "\"name\" in \(directory.configuration) cannot name a ledger: \(error)")
        }
        operatorCA = try Self.certificate(directory.operatorCA)
        tlsCertificate = try Self.certificate(directory.tlsCertificate)
        guard tlsCertificate.publicKey == Certificate.PublicKey(tlsKey.publicKey) else {
            throw SetupError(
                .environment,
                "\(directory.tlsCertificate) is not the certificate of keys/tls.key",
                hint: Self.renewal(of: directory)
            )
        }
        let policyFile = directory.file(configuration.policy)
        policy = try BoundedFile.read(policyFile, limit: Policy.maximumSize)
        let settings = configuration
        _ = try Self.parsed(policyFile, Policy.maximumSize) { bytes in
            try PolicyInForce.Current(parsing: bytes, for: settings)
        }
        trust = try TrustLists(directory, configuration)
        witnesses = try LedgerWitness.read(configuration.witnesses, in: directory)
    }

    /// What devices and operators need to know of this verifier.
    public var trustBundle: TrustBundle {
        get throws {
            TrustBundle(
                verifier: configuration.name.text,
                url: configuration.url,
                tlsRoots: try operatorCA.serializeAsPEM().pemString + "\n",
                grantKeys: [grantSigner.publicKey],
                resultKeys: [resultSigner.publicKey],
                ledgerKey: checkpointSigner.verifierKey.text,
                ledgerWitnesses: configuration.witnesses.map { settings in
                    LedgerQuorum(required: settings.required, keys: witnesses.map(\.key.text))
                },
                releaseKeys: trust.releaseKeys
            )
        }
    }

    /// Refuses a TLS certificate that nobody would accept now.
    /// - Parameter now: the wall clock.
    func checkValidity(at now: Date) throws {
        guard tlsCertificate.notValidBefore <= now else {
            throw SetupError(
                .environment,
                "the TLS certificate \(directory.tlsCertificate) is not valid yet",
                hint: "check this machine's clock"
            )
        }
        guard now < tlsCertificate.notValidAfter else {
            throw SetupError(
                .environment,
                "the TLS certificate \(directory.tlsCertificate) has expired",
                hint: Self.renewal(of: directory)
            )
        }
    }

    static func renewal(of directory: VerifierDirectory) -> String {
        "rm \(directory.tlsCertificate) && birthmark-verifier init \(directory.path)"
    }

    // MARK: Reading

    static func parsed<Value>(_ path: String, _ limit: Int, _ parse: ([UInt8]) throws -> Value) throws -> Value {
        let bytes = try BoundedFile.read(path, limit: limit)
        do {
            return try parse(bytes)
        } catch let error as MessageError {
            throw SetupError(
                .malformed,
                "\(path): \(error.detail)",
                hint: "check that it is the right file, whole and unchanged"
            )
        }
    }

    static func certificate(_ path: String) throws -> Certificate {
        let bytes = try BoundedFile.read(path, limit: VerifierConfiguration.maximumSize)
        guard let certificate = try? Certificate(pemEncoded: String(decoding: bytes, as: UTF8.self)) else {
            throw SetupError(.malformed, "\(path) is not a certificate in PEM")
        }
        return certificate
    }
}
