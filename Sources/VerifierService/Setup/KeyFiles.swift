import Crypto
import DurableFiles
import FoundationEssentials
import HTTPService
import Messages

/// Reads and makes the verifier's private keys: files of mode 0600 in a directory of mode 0700.
struct KeyFiles {
    let directory: VerifierDirectory

    private static let maximumSize = 4096
    private static let secretSize = 32

    /// Makes every key that is not there yet; one that is there stays.
    func make() throws {
        try PrivateDirectory.make(directory.keys)
        for key in VerifierDirectory.Key.allCases { try make(key) }
    }

    private func make(_ key: VerifierDirectory.Key) throws { try make(key, at: directory.key(key)) }

    /// Makes a key at a path; one that is there stays.
    func make(_ key: VerifierDirectory.Key, at path: String) throws {
        guard !FileManager.default.fileExists(atPath: path) else { return }
        try AtomicFile.write(Self.fresh(key), to: path, existing: .keep)
    }

    /// Replaces the key of challenges, which nobody else knows: none that was given before counts from then on.
    func renewChallengeKey() throws { try AtomicFile.write(Self.fresh(.challenge), to: directory.key(.challenge)) }

    func holds(_ key: VerifierDirectory.Key) -> Bool { FileManager.default.fileExists(atPath: directory.key(key)) }

    /// Whether any key was made before.
    var exist: Bool { holds(.ledger) }

    private static func fresh(_ key: VerifierDirectory.Key) -> [UInt8] {
        let text: String
        switch key {
        case .grant, .results, .tls, .operatorCA:
            let key = P256.Signing.PrivateKey()
            text = key.pemRepresentation
        case .ledger:
            let key = Curve25519.Signing.PrivateKey()
            text = Blob(key.rawRepresentation).base64
        case .challenge:
            text = Blob((0..<secretSize).map { _ in UInt8.random(in: .min ... .max) }).base64
        }
        return Array((text + "\n").utf8)
    }

    func p256(_ key: VerifierDirectory.Key) throws -> P256.Signing.PrivateKey { try p256(at: directory.key(key)) }

    func p256(at path: String) throws -> P256.Signing.PrivateKey {
        let text = String(decoding: try read(path), as: UTF8.self)
        guard let parsed = try? P256.Signing.PrivateKey(pemRepresentation: text) else { throw unreadable(path) }
        return parsed
    }

    func ed25519(_ key: VerifierDirectory.Key) throws -> Curve25519.Signing.PrivateKey {
        try ed25519(at: directory.key(key))
    }

    func ed25519(at path: String) throws -> Curve25519.Signing.PrivateKey {
        // Why it cannot be read is told; only what was read can be no key.
        let bytes = try secret(path)
        guard let parsed = try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes) else {
            throw unreadable(path)
        }
        return parsed
    }

    /// The ledger's key before the current one; `nil` when there was none.
    var previousLedgerKey: Curve25519.Signing.PrivateKey? {
        get throws {
            let path = directory.previousLedgerKey
            return FileManager.default.fileExists(atPath: path) ? try ed25519(at: path) : nil
        }
    }

    func symmetric(_ key: VerifierDirectory.Key) throws -> SymmetricKey {
        SymmetricKey(data: try secret(directory.key(key)))
    }

    private func secret(_ path: String) throws -> [UInt8] {
        let text = String(decoding: try read(path), as: UTF8.self)
        guard text.hasSuffix("\n"), let bytes = Data(base64Encoded: String(text.dropLast())),
            bytes.count == Self.secretSize
        else { throw unreadable(path) }
        return [UInt8](bytes)
    }

    func read(_ path: String) throws(FileError) -> [UInt8] {
        try BoundedFile.readPrivate(path, limit: Self.maximumSize)
    }

    private func unreadable(_ path: String) -> SetupError {
        SetupError(
            .malformed,
            "\(path) is not a key of this program's making",
            hint: "restore it from a backup; a new key would not fit the devices' trust bundles"
        )
    }
}
