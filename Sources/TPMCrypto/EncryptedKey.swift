import CLibCrypto
public import Crypto
import FoundationEssentials

/// A P-256 private key in encrypted PKCS #8 (RFC 5958, section 3; PBES2 of RFC 8018), as `openssl pkcs8` reads and writes it.
public enum EncryptedKey {
    private static let label = "-----BEGIN ENCRYPTED PRIVATE KEY-----"
    /// scrypt (RFC 7914) with N = 2^14, r = 8, p = 4: 16 MB and some 150 ms a guess.
    private static let cost: UInt64 = 1 << 14
    private static let blockSize: UInt64 = 8
    private static let parallelization: UInt64 = 4
    private static let maximumSize = 16 << 10

    /// Whether a PEM text says that it is encrypted.
    public static func isEncrypted(_ pem: String) -> Bool { pem.contains(label) }

    /// Encrypts a key with AES-256 under a passphrase.
    public static func write(
        _ key: P256.Signing.PrivateKey,
        passphrase: [UInt8]
    ) throws(TPMCryptoError) -> String {
        guard
            let scheme = unsafe PKCS5_pbe2_set_scrypt(
                EVP_aes_256_cbc(),
                nil,
                0,
                nil,
                cost,
                blockSize,
                parallelization
            )
        else { throw failure("choosing the encryption") }
        let information = try unsafe plain(key)
        defer { unsafe PKCS8_PRIV_KEY_INFO_free(information) }
        let encrypted = unsafe passphrase.withUnsafeBufferPointer { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) {
                unsafe PKCS8_set0_pbe($0.baseAddress, Int32(clamping: $0.count), information, scheme)
            }
        }
        guard let encrypted = unsafe encrypted else {
            unsafe X509_ALGOR_free(scheme)
            throw failure("encrypting the key")
        }
        defer { unsafe X509_SIG_free(encrypted) }
        guard let memory = unsafe BIO_new(BIO_s_mem()) else { throw failure("writing the key") }
        defer { unsafe BIO_free(memory) }
        guard unsafe PEM_write_bio_PKCS8(memory, encrypted) == 1 else { throw failure("writing the key") }
        var text = [UInt8](repeating: 0, count: maximumSize)
        let count = unsafe text.withUnsafeMutableBytes {
            unsafe BIO_read(memory, $0.baseAddress, Int32(clamping: $0.count))
        }
        guard count > 0 else { throw failure("writing the key") }
        return String(decoding: text.prefix(Int(count)), as: UTF8.self)
    }

    /// Decrypts a key.
    /// - Throws: when the passphrase is wrong, or it is no P-256 key; the passphrase is in no message.
    public static func read(_ pem: String, passphrase: [UInt8]) throws(TPMCryptoError) -> P256.Signing.PrivateKey {
        let text = Array(pem.utf8)
        guard text.count <= maximumSize else { throw TPMCryptoError(.unsuitableKey, "it is larger than any key") }
        let memory = unsafe text.withUnsafeBytes { unsafe BIO_new_mem_buf($0.baseAddress, Int32(clamping: $0.count)) }
        guard let memory = unsafe memory else { throw failure("reading the key") }
        defer { unsafe BIO_free(memory) }
        // Without a callback the last argument is the passphrase itself, ended by a zero.
        var secret = passphrase + [0]
        defer { _ = unsafe secret.withUnsafeMutableBytes { unsafe OPENSSL_cleanse($0.baseAddress, $0.count) } }
        let key = unsafe secret.withUnsafeMutableBytes {
            unsafe PEM_read_bio_PrivateKey(memory, nil, nil, $0.baseAddress)
        }
        guard let key = unsafe key else {
            ERR_clear_error()
            throw TPMCryptoError(.unsuitableKey, "the passphrase is wrong, or the file is damaged")
        }
        defer { unsafe EVP_PKEY_free(key) }
        var der: UnsafeMutablePointer<UInt8>?
        let count = unsafe i2d_PrivateKey(key, &der)
        guard count > 0, let der = unsafe der else { throw failure("reading the key") }
        defer { unsafe CRYPTO_clear_free(der, Int(count), "", 0) }
        let bytes = unsafe Data(bytes: der, count: Int(count))
        guard let parsed = try? P256.Signing.PrivateKey(derRepresentation: bytes) else {
            throw TPMCryptoError(.unsuitableKey, "it is not a P-256 key")
        }
        return parsed
    }

    @unsafe private static func plain(_ key: P256.Signing.PrivateKey) throws(TPMCryptoError) -> OpaquePointer {
        let der = Array(key.derRepresentation)
        let information = unsafe der.withUnsafeBufferPointer { bytes in
            var next = bytes.baseAddress
            return unsafe d2i_PKCS8_PRIV_KEY_INFO(nil, &next, bytes.count)
        }
        guard let information = unsafe information else { throw failure("preparing the key") }
        return unsafe information
    }

    private static func failure(_ doing: String) -> TPMCryptoError {
        ERR_clear_error()
        return TPMCryptoError(.library, "\(doing) failed in libcrypto")
    }
}
