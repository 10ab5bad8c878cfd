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
    public var tlsCertificate: String { file("tls.pem") }
    public var operatorCA: String { file("operator-ca.pem") }
    public var lock: String { file("lock") }
    /// Held by `birthmark-verifier init` while it makes or takes over files.
    public var setupLock: String { file("init.lock") }
    /// The checkpoint that left this verifier last, kept apart from the database.
    public var lastCheckpoint: String { file("last-checkpoint") }

    var keys: String { file("keys") }
    func key(_ key: Key) -> String { keys + "/" + key.rawValue + ".key" }

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
