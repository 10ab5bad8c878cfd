import CLibCrypto

/// How libcrypto starts in this process.
package enum LibCrypto {
    /// Keeps libcrypto from entering its hundreds of legacy algorithm names into every library context.
    ///
    /// libtss2 makes a new OSSL_LIB_CTX for each digest, HMAC and cipher it computes, and filling that with the names
    /// takes five times as long as all else. Nobody here asks by such a name: algorithms are fetched from providers
    /// (OPENSSL_init_crypto(3), OPENSSL_INIT_NO_ADD_ALL_CIPHERS). It holds when it comes before libcrypto's first use, and
    /// is without effect afterwards.
    package static let withoutLegacyNames: Void = {
        let options = OPENSSL_INIT_NO_ADD_ALL_CIPHERS | OPENSSL_INIT_NO_ADD_ALL_DIGESTS
        _ = OPENSSL_init_crypto(UInt64(options), nil)
    }()
}
