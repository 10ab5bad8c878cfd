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
    /// The ledger's key before the current one, while it is kept; whether it signs as well, the published bundle says.
    let previousLedgerKey: VerifierKey?
    let challengeKey: SymmetricKey
    let tlsKey: P256.Signing.PrivateKey
    let tlsCertificate: Certificate
    let operatorCA: Certificate
    /// Whose word counted when the directory was read; ``TrustInForce`` knows whose does now.
    let trust: TrustLists
    /// Who cosigns the ledger.
    let witnesses: [LedgerWitness]
    /// The newest trust bundle that was published, as the service has left it; `nil` while none was.
    let published: TrustBundle?
    /// The keys of people whose word makes the second trust bundle.
    let trustKeys: SigningKeys?

    /// Reads the directory.
    /// - Throws: `SetupError`, or a `FileError`; both say what to do.
    public init(_ directory: VerifierDirectory) throws {
        self.directory = directory
        try directory.checkPrivate()
        configuration = try directory.readConfiguration()
        let keys = KeyFiles(directory: directory)
        published = Self.published(directory)
        trustKeys =
            try FilePresence.isThere(directory.trustKeys)
            ? Self.parsed(directory.trustKeys, SigningKeys.maximumSize) { try SigningKeys(parsing: $0) } : nil
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
            let origin = configuration.ledgerOrigin
            let named = published?.allLedgerKeys
            let previous = try keys.previousLedgerKey
            let before = try previous.map { try VerifierKey(name: origin, kind: .log, publicKey: $0.publicKey) }
            // Where nobody can say whether devices have followed, they may not have.
            let signs = before.map { named?.contains($0.text) ?? true } ?? false
            previousLedgerKey = before
            checkpointSigner = try CheckpointSigner(
                origin: origin,
                privateKey: try keys.ed25519(.ledger),
                previous: signs ? previous : nil
            )
        } catch let error as LedgerFormatError {
            throw SetupError(
                .malformed,
                "\"name\" in \(directory.configuration) cannot name a ledger: \(error)",
                hint: "put back the name that it had: devices and auditors know the ledger by that"
            )
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
        let settings = configuration
        policy = try Self.parsed(policyFile, Policy.maximumSize, hint: Self.policyHint) { bytes in
            _ = try PolicyInForce.Current(parsing: bytes, for: settings)
            return bytes
        }
        trust = try TrustLists(directory, configuration)
        witnesses = try LedgerWitness.read(configuration.witnesses, in: directory)
    }

    /// The keys whose signatures hold for the record itself: what the one before has signed last may be all there is.
    var ledgerKeys: [VerifierKey] {
        let signing = checkpointSigner.verifierKeys
        return signing + [previousLedgerKey].compactMap { $0 }.filter { !signing.contains($0) }
    }

    /// What a checkpoint says that a key of this ledger has signed.
    /// - Throws: `LedgerFormatError`, or `LedgerRefusal` when nobody has.
    func checkpoint(_ bytes: [UInt8]) throws -> Checkpoint {
        try SignedCheckpoint(parsing: bytes).verify(logKeys: ledgerKeys).get().checkpoint
    }

    /// What devices and operators need to know of this verifier.
    public var trustBundle: TrustBundle {
        get throws {
            if let published { published } else { try firstTrustBundle }
        }
    }

    /// The bundle that the directory makes by itself; whatever follows it, people have signed.
    var firstTrustBundle: TrustBundle {
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
                releaseKeys: trust.releaseKeys,
                trustKeys: trustKeys
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
                hint: "check this machine's clock; if it was ahead when that was made: \(Self.renewal(of: directory))"
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

    /// What cannot be read the service writes anew; the record has it.
    static func published(_ directory: VerifierDirectory) -> TrustBundle? {
        guard let bytes = try? BoundedFile.readKept(directory.trustBundle, limit: TrustBundle.maximumSize),
            let bundle = try? TrustBundle(parsing: bytes), bundle.number > 1
        else { return nil }
        return bundle
    }

    /// What helps with a policy that is none.
    static let policyHint =
        "birthmark policy check looks at a file; what a policy can say is in Provisioning/policies/README.md"

    private static let usualHint = "check that it is the right file, whole and unchanged"

    /// Reads a file that counts for lying where it does.
    /// - Parameter hint: what to do when it holds no such message.
    static func parsed<Value>(
        _ path: String,
        _ limit: Int,
        hint: String = usualHint,
        _ parse: ([UInt8]) throws -> Value
    ) throws -> Value { try parsed(TrustedFile.read(path, limit: limit), of: path, hint: hint, parse) }

    /// Reads what stood in a file.
    static func parsed<Value>(
        _ bytes: [UInt8],
        of path: String,
        hint: String = usualHint,
        _ parse: ([UInt8]) throws -> Value
    ) throws -> Value {
        do {
            return try parse(bytes)
        } catch let error as MessageError {
            throw SetupError(.malformed, "\(path): \(error.detail)", hint: hint)
        }
    }

    static func certificate(_ path: String) throws -> Certificate {
        let bytes = try TrustedFile.read(path, limit: VerifierConfiguration.maximumSize)
        guard let certificate = try? Certificate(pemEncoded: String(decoding: bytes, as: UTF8.self)) else {
            throw SetupError(
                .malformed,
                "\(path) is not a certificate in PEM",
                hint:
                    "restore it from a backup; without one remove it, and birthmark-verifier init makes it again from its key"
            )
        }
        return certificate
    }
}
