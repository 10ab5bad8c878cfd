import DurableFiles
import HTTPService
import Messages

/// The verifier's directory, and where everything lies in it.
public struct VerifierDirectory: Hashable, Sendable {
    /// The directory's path.
    public let path: String

    /// Names a directory.
    public init(_ path: String) {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        self.path = path
    }

    /// A file of the directory; an absolute path stays what it is.
    public func file(_ name: String) -> String { name.hasPrefix("/") ? name : path + "/" + name }

    public var configuration: String { file("config.json") }
    public var trustBundle: String { file("trust.json") }
    /// The keys of people whose word makes the second trust bundle.
    var trustKeys: String { file(Self.trustKeysName) }
    public var tlsCertificate: String { file("tls.pem") }
    var operatorCA: String { file("operator-ca.pem") }
    public var lock: String { file("lock") }
    /// Held by `birthmark-verifier init` while it makes or takes over files.
    var setupLock: String { file("init.lock") }
    /// The checkpoint that left this verifier last, kept apart from the database.
    public var lastCheckpoint: String { file("last-checkpoint") }

    static let trustKeysName = "trust-keys.json"
    var keys: String { file("keys") }
    func key(_ key: Key) -> String { keys + "/" + key.rawValue + ".key" }

    /// A key that was made, and signs nothing yet.
    func nextKey(_ key: Key) -> String { keys + "/" + key.rawValue + ".next.key" }
    /// The public half of that, for people who make the next trust bundle.
    func nextPublicKey(_ key: Key) -> String { file("next-" + key.rawValue + ".json") }
    /// The ledger's key before the current one: it signs beside that one while devices know no other.
    var previousLedgerKey: String { keys + "/ledger.previous.key" }

    func operatorDirectory(_ name: Label) -> String { file("operators/" + name.text) }

    /// The private keys.
    enum Key: String, CaseIterable {
        /// P-256: signs grants.
        case grant
        /// P-256: signs attestation results for relying parties.
        case results
        /// Ed25519: signs the ledger's checkpoints.
        case ledger
        /// 32 random bytes: the MAC of challenges.
        case challenge
        /// P-256: the TLS server's.
        case tls
        /// P-256: issues the certificates of operators and of the TLS server.
        case operatorCA = "operator-ca"
    }
}

extension VerifierDirectory {
    /// Where the record lies.
    public func database(_ configuration: VerifierConfiguration) -> String { file(configuration.databaseFile) }

    /// Reads `config.json`.
    /// - Throws: `SetupError`, or a `FileError`; both say what to do.
    func readConfiguration() throws -> VerifierConfiguration {
        let hint = "put that right in the file, or restore it from a backup"
        return try VerifierMaterials.parsed(configuration, VerifierConfiguration.maximumSize, hint: hint) { bytes in
            try VerifierConfiguration(parsing: bytes)
        }
    }

    /// Checks that the directory is there, this user's own and closed to others.
    /// - Throws: `SetupError` where there is none, and a `FileError`; both say what to do.
    func checkPrivate() throws {
        do throws(FileError) {
            try PrivateDirectory.check(path)
        } catch {
            // Nobody is told to close a directory that is another thing.
            let isAnother = (try? FilePresence.isThere(configuration)) == false
            guard error.code == .missing || isAnother else { throw error }
            throw SetupError(
                .malformed,
                error.code == .missing ? "\(path) does not exist" : "\(path) holds no verifier",
                hint: "check the path, or make a verifier there: birthmark-verifier init \(path)"
            )
        }
    }
}
