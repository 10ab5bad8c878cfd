import CLibCrypto

/// A public key of libcrypto, for the three things that swift-crypto cannot do.
///
/// The only place in the project that calls libcrypto. One owner for each C object: the key here, a context for the
/// length of one call; both are freed where their owner ends. Nothing of libcrypto leaves this file.
@safe struct LibCryptoKey: ~Copyable {
    private let key: OpaquePointer

    /// Imports a key through its SubjectPublicKeyInfo.
    init(_ publicKey: PublicKey) throws(TPMCryptoError) {
        let der = publicKey.subjectPublicKeyInfo
        let pointer = unsafe der.withUnsafeBufferPointer { buffer in
            // d2i moves the pointer it is given to the end of what it read.
            var next = buffer.baseAddress
            return unsafe d2i_PUBKEY(nil, &next, buffer.count)
        }
        guard let pointer = unsafe pointer else { throw Self.failure("importing a public key") }
        unsafe key = pointer
    }

    deinit { unsafe EVP_PKEY_free(key) }

    /// The bare RSA operation, m^e mod n, on a block as long as the modulus.
    func encryptWithoutPadding(_ block: [UInt8]) throws(TPMCryptoError) -> [UInt8] {
        let context = unsafe try LibCryptoContext(key)
        var output = [UInt8](repeating: 0, count: block.count)
        var length = output.count
        let done = unsafe output.withUnsafeMutableBufferPointer { buffer in
            unsafe EVP_PKEY_encrypt_init(context.pointer) == 1
                && EVP_PKEY_CTX_set_rsa_padding(context.pointer, RSA_NO_PADDING) == 1
                && EVP_PKEY_encrypt(context.pointer, buffer.baseAddress, &length, block, block.count) == 1
        }
        guard done, length == block.count else { throw Self.failure("encrypting with RSA") }
        return output
    }

    /// Checks an RSAPSS signature and takes the length of the salt from the signature itself.
    func verifiesPSSOfAnySalt(_ signature: [UInt8], digest: [UInt8], hash: HashAlgorithm) -> Bool {
        guard let context = unsafe try? LibCryptoContext(key) else { return false }
        let function = unsafe Self.function(hash)
        let valid =
            unsafe EVP_PKEY_verify_init(context.pointer) == 1
            && EVP_PKEY_CTX_set_rsa_padding(context.pointer, RSA_PKCS1_PSS_PADDING) == 1
            && EVP_PKEY_CTX_set_signature_md(context.pointer, function) == 1
            && EVP_PKEY_CTX_set_rsa_mgf1_md(context.pointer, function) == 1
            && EVP_PKEY_CTX_set_rsa_pss_saltlen(context.pointer, RSA_PSS_SALTLEN_AUTO) == 1
            && EVP_PKEY_verify(context.pointer, signature, signature.count, digest, digest.count) == 1
        if !valid { _ = Self.drainErrors() }
        return valid
    }

    /// Checks a signature over a digest that somebody else made: PKCS #1 v1.5 of an RSA key, DER of one on a curve.
    func verifies(_ signature: [UInt8], digest: [UInt8], hash: HashAlgorithm) -> Bool {
        guard let context = unsafe try? LibCryptoContext(key) else { return false }
        let isRSA = unsafe EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA
        let valid =
            unsafe EVP_PKEY_verify_init(context.pointer) == 1
            && (!isRSA || EVP_PKEY_CTX_set_rsa_padding(context.pointer, RSA_PKCS1_PADDING) == 1)
            && EVP_PKEY_CTX_set_signature_md(context.pointer, Self.function(hash)) == 1
            && EVP_PKEY_verify(context.pointer, signature, signature.count, digest, digest.count) == 1
        if !valid { _ = Self.drainErrors() }
        return valid
    }

    private static func function(_ hash: HashAlgorithm) -> OpaquePointer? {
        switch hash {
        case .sha1: unsafe EVP_sha1()
        case .sha256: unsafe EVP_sha256()
        case .sha384: unsafe EVP_sha384()
        case .sha512: unsafe EVP_sha512()
        }
    }

    static func failure(_ doing: String) -> TPMCryptoError {
        TPMCryptoError(.library, "libcrypto failed while \(doing): \(drainErrors())")
    }

    /// Takes everything off libcrypto's error queue of this thread, so that no later call finds our leavings there.
    private static func drainErrors() -> String {
        var texts: [String] = []
        while true {
            let code = ERR_get_error()
            guard code != 0 else { break }
            texts.append("error 0x" + String(code, radix: 16))
        }
        return texts.isEmpty ? "no reason given" : texts.joined(separator: ", ")
    }
}

/// One operation with a key.
@safe private struct LibCryptoContext: ~Copyable {
    let pointer: OpaquePointer

    init(_ key: OpaquePointer) throws(TPMCryptoError) {
        guard let context = unsafe EVP_PKEY_CTX_new(key, nil) else {
            throw LibCryptoKey.failure("preparing an operation")
        }
        unsafe pointer = context
    }

    deinit { unsafe EVP_PKEY_CTX_free(pointer) }
}
