import Crypto
import DurableFiles
import PKCS11
import TPMCrypto
import TPMDevice
import TPMWire
import X509

/// Finds the CA's private keys, wherever they are, as the one kind of signer that issuing uses.
struct AuthorityKeys: Sendable {
    let directory: AuthorityDirectory
    let passphrase: Passphrase?

    private static let maximumKeyFile = 16 << 10

    /// The key of a level; made when there is none.
    func make(_ level: AuthorityLevel, at location: KeyLocation) throws(AuthorityFailure) -> Certificate.PrivateKey {
        switch location {
        case .file:
            try makeFile(directory.key(level))
            return try open(level, at: location)
        case .pkcs11(let uri): return try token(uri, making: true)
        case .tpm(let handle, let tcti): return try tpm(handle, tcti, making: true)
        }
    }

    /// The key of a level.
    func open(_ level: AuthorityLevel, at location: KeyLocation) throws(AuthorityFailure) -> Certificate.PrivateKey {
        switch location {
        case .file: Certificate.PrivateKey(try readFile(directory.key(level)))
        case .pkcs11(let uri): try token(uri, making: false)
        case .tpm(let handle, let tcti): try tpm(handle, tcti, making: false)
        }
    }

    private func makeFile(_ path: String) throws(AuthorityFailure) {
        guard try AuthorityFailure.read(path, limit: Self.maximumKeyFile) == nil else { return }
        let key = P256.Signing.PrivateKey()
        var pem = key.pemRepresentation + "\n"
        if let passphrase {
            do throws(TPMCryptoError) {
                pem = try EncryptedKey.write(key, passphrase: passphrase.bytes)
            } catch { throw .key(error.description, hint: "give another passphrase") }
        }
        // Somebody else may be doing the same: then the key on disk is the one.
        do throws(FileError) {
            try AtomicFile.write(Array(pem.utf8), to: path, existing: .keep)
        } catch {
            guard error.code == .exists else { throw .file(error) }
        }
    }

    private func readFile(_ path: String) throws(AuthorityFailure) -> P256.Signing.PrivateKey {
        let found = try AuthorityFailure.run { () throws(FileError) in
            try BoundedFile.readPrivateIfThere(path, limit: Self.maximumKeyFile)
        }
        guard let bytes = found else { throw .damaged(path: path, "the key is missing; restore it from a backup") }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .damaged(path: path, "is not a private key in PEM; restore it from a backup")
        }
        guard EncryptedKey.isEncrypted(text) else {
            guard let key = try? P256.Signing.PrivateKey(pemRepresentation: text) else {
                throw .damaged(path: path, "is not a P-256 private key in PEM; restore it from a backup")
            }
            return key
        }
        guard let passphrase else {
            throw .key("\(path) is encrypted", hint: "give its passphrase with --passphrase-file FILE")
        }
        do throws(TPMCryptoError) {
            return try EncryptedKey.read(text, passphrase: passphrase.bytes)
        } catch {
            throw .key(
                "\(path) cannot be decrypted: \(error.description)",
                hint: "check the file that --passphrase-file names"
            )
        }
    }

    private func token(_ uri: String, making: Bool) throws(AuthorityFailure) -> Certificate.PrivateKey {
        do throws(TokenError) {
            return Certificate.PrivateKey(try TokenKey(uri: uri, making: making))
        } catch {
            if error.isPINRefused { throw .pin(error.description, hint: error.hint) }
            throw .key(error.description, hint: error.hint)
        }
    }

    private func tpm(_ handle: Handle, _ tcti: String, making: Bool) throws(AuthorityFailure) -> Certificate.PrivateKey
    {
        let opened: PersistentSigningKey
        do throws(TPMError) {
            opened = try PersistentSigningKey(at: handle, tcti: tcti, making: making)
        } catch {
            throw .key("the CA's key in the TPM: \(error.description)", hint: Self.tpmHint)
        }
        guard let key = TPMAuthorityKey(opened) else {
            throw .key("the key at \(handle) is not on P-256", hint: Self.tpmHint)
        }
        return Certificate.PrivateKey(key)
    }

    private static let tpmHint = "name the TPM and a handle that holds a P-256 signing key, or nothing yet"
}

/// What protects key files; read from a file, never from the command line.
public struct Passphrase: Sendable {
    let bytes: [UInt8]

    /// Takes the first line of a file; nil when it is empty, or longer than any passphrase.
    public init?(file bytes: [UInt8]) {
        let line = Array(bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") })
        guard (1...1024).contains(line.count), !line.contains(0) else { return nil }
        self.bytes = line
    }
}
