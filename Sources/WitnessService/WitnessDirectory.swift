import Crypto
public import DurableFiles
import FoundationEssentials
import HTTPService
public import Ledger
import Messages

/// A witness's own directory: its key, what it has seen, and where it listens.
///
/// Whoever has the key can cosign anything in the witness's name. Whoever can put back an older `seen` can have it cosign a second history.
public struct WitnessDirectory: Sendable, Hashable {
    /// Where it is.
    public let path: String

    /// Names a directory; nothing is read.
    public init(_ path: String) { self.path = path }

    /// `service.json`.
    var configuration: String { path + "/service.json" }
    /// The CA certificate that its TLS certificate chains to: for the logs that ask it.
    public var roots: String { path + "/roots.pem" }
    /// Held while the witness serves, is made or added to, or its people accept another history.
    public var lock: String { path + "/serve.lock" }
    var key: String { path + "/keys/witness.key" }
    var authorityKey: String { path + "/keys/local-ca.key" }
    var tlsKey: String { path + "/keys/tls.key" }
    var tlsCertificate: String { path + "/tls.pem" }
    private var seen: String { path + "/seen" }

    /// The checkpoint of one log that was cosigned last; until then the note that none was.
    func seen(_ origin: String) -> String {
        "\(seen)/\(ContentDigest(of: Array(origin.utf8)).description.prefix(Self.seenNameLength))"
    }

    /// What stands there of a log of which nothing was cosigned yet.
    ///
    /// Not an empty file: that is what a disk leaves of one whose content it has lost.
    private static func beginning(of origin: String) -> [UInt8] { Array("nothing of \(origin) was cosigned\n".utf8) }

    private static let seenNameLength = 32
    private static let maximumKey = 4096

    /// Keeps everybody else from serving the witness, and from changing it, until the lock is let go.
    /// - Throws: `SetupError` while somebody does either; `FileError`.
    public func locked() throws -> FileLock {
        guard let held = try FileLock.trying(lock) else {
            throw SetupError(
                .environment,
                "a witness serves \(path), or somebody changes it",
                hint: "stop it, and start it again afterwards"
            )
        }
        return held
    }

    /// Makes what is not there yet; what is there stays, and logs are added.
    ///
    /// For each log that is new it notes that nothing of it was seen.
    /// - Parameter now: seconds since 1970.
    /// - Returns: the witness's key, for whoever relies on it.
    /// - Throws: `SetupError`, also while the witness serves; `FileError`.
    public func make(_ wanted: WitnessConfiguration, now: Int64) throws -> VerifierKey {
        try PrivateDirectory.make(path)
        // Of two at once each would forget the logs that the other adds.
        let held = try locked()
        defer { held.release() }
        for directory in [path + "/keys", seen] { try PrivateDirectory.make(directory) }
        let kept = try read(configuration) == nil ? nil : try self.read()
        if let kept {
            guard (kept.name, kept.listen, kept.hosts) == (wanted.name, wanted.listen, wanted.hosts) else {
                throw SetupError(
                    .environment,
                    "\(configuration) exists already and says otherwise",
                    hint: "edit it, then run birthmark ledger witness init \(path) without those options"
                )
            }
        }
        var next = kept ?? wanted
        next.logs += wanted.logs.filter { !next.logs.contains($0) }
        // A witness that forgot what it saw is a new one: only for a log that nobody has named before is nothing a beginning.
        let known = try kept?.keysByLog ?? [:]
        let isNew = try read(key) == nil
        for origin in try next.keysByLog.keys where known[origin] == nil {
            let file = seen(origin)
            guard try read(file) == nil else { continue }
            // With the configuration it is gone who was named; its key may have signed for anybody.
            guard isNew || kept != nil else {
                throw SetupError(
                    .environment,
                    "\(configuration) is gone, and so is \(file) with what this witness has seen of the log \(origin), if it has",
                    hint: "restore both; otherwise begin anew in another directory, with another name and key"
                )
            }
            try AtomicFile.write(Self.beginning(of: origin), to: file, existing: .keep)
        }
        if isNew {
            let fresh = Curve25519.Signing.PrivateKey()
            try AtomicFile.write(Array((Blob(fresh.rawRepresentation).base64 + "\n").utf8), to: key, existing: .keep)
        }
        let verifierKey = try signer(of: next).verifierKey
        _ = try identity(next, now: now)
        if next != kept { try AtomicFile.write(try EditedJSON.encode(next), to: configuration, mode: 0o644) }
        return verifierKey
    }

    /// The configuration.
    public func read() throws -> WitnessConfiguration {
        guard let bytes = try read(configuration) else {
            throw SetupError(
                .malformed,
                "\(path) holds no witness",
                hint: "make one with birthmark ledger witness init \(path) --name … --log …"
            )
        }
        do throws(MessageError) {
            return try WitnessConfiguration(parsing: bytes)
        } catch {
            throw SetupError(
                .malformed,
                "\(configuration): \(error.detail)",
                hint: "put that right in the file, or restore it from a backup"
            )
        }
    }

    /// The witness as it was left: its key, and what it has seen of each log.
    /// - Throws: `SetupError` when what it has seen is gone, or is not of its own making.
    func witness(_ configuration: WitnessConfiguration) throws -> Witness {
        let signer = try signer(of: configuration)
        var logs: [WitnessedLog] = []
        for (origin, keys) in try configuration.keysByLog {
            let file = seen(origin)
            guard let bytes = try kept(of: origin) else {
                throw SetupError(
                    .environment,
                    "\(file) is gone, and with it what this witness has seen of the log \(origin)",
                    hint:
                        "restore it; otherwise begin anew with another name and key, because this one might say two things"
                )
            }
            guard !bytes.isEmpty else {
                throw SetupError(
                    .environment,
                    "\(file) is empty: what this witness has seen of the log \(origin) was lost, or an older version began it",
                    hint:
                        "restore it; a witness that has never cosigned this log is begun anew in another directory, with another name and key"
                )
            }
            do {
                let cosigned = bytes == Self.beginning(of: origin) ? nil : bytes
                logs.append(try WitnessedLog(keys: keys, cosigned: cosigned, by: signer.verifierKey))
            } catch {
                throw SetupError(
                    .environment,
                    "\(file) is not what this witness has cosigned of the log \(origin) last: \(error)",
                    hint:
                        "find out who changed it, and restore it; keep a log's former key in \"logs\" until it signs with the new one"
                )
            }
        }
        return try Witness(signer, logs: logs)
    }

    private func signer(of configuration: WitnessConfiguration) throws -> WitnessSigner {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try BoundedFile.readPrivate(key, limit: Self.maximumKey)
        } catch {
            guard error.code == .missing else { throw error }
            throw SetupError(.environment, "\(key) is gone", hint: "restore it from a backup")
        }
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.hasSuffix("\n"), let secret = Data(base64Encoded: String(text.dropLast())),
            let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: secret)
        else { throw SetupError(.malformed, "\(key) is not a key of this program's making", hint: "restore it") }
        do {
            return try WitnessSigner(name: configuration.name, privateKey: key)
        } catch {
            throw SetupError(
                .malformed,
                "\"\(configuration.name)\" cannot be the name of a witness: \(error)",
                hint:
                    "give one such as witness.example/w1, or put back the one that it had: those who count its lines know it by that"
            )
        }
    }

    private func read(_ path: String) throws(FileError) -> [UInt8]? {
        try BoundedFile.readIfThere(path, limit: WitnessConfiguration.maximumSize)
    }
}
