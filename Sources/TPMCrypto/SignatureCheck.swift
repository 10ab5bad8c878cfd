import Crypto
import CryptoExtras
import FoundationEssentials
public import TPMWire

extension VerifyingKey {
    /// Checks a signature over the bytes that were received.
    ///
    /// Scheme and hash must be the key's own: a verifier that takes them from the signature lets the attacker choose
    /// the weakest. For ECDSA 1 <= r, s < n; both halves of s are accepted, so a signature is never an identifier.
    /// SHA-1 is computed where a key fixes it; whether such a key may be used is judged elsewhere. The salt of RSAPSS is as
    /// long as the digest; a signature that only lacks that is refused by that name, since it is the TPM's way of signing.
    ///
    /// - Parameter message: what was signed, not yet hashed.
    public func verify(_ signature: TPMTSignature, over message: [UInt8]) -> SignatureVerdict {
        if let scheme {
            guard signature.sigAlg == scheme.algorithm else { return .refused(.schemeMismatch(signature.sigAlg)) }
            guard signature.hashAlgorithm == scheme.hash.id else {
                return .refused(.hashMismatch(signature.hashAlgorithm))
            }
        }
        guard let hash = try? HashAlgorithm(signature.hashAlgorithm) else {
            return .refused(.unsupportedHash(signature.hashAlgorithm))
        }
        let verdict =
            switch hash {
            case .sha1: verify(signature, digest: Insecure.SHA1.hash(data: message))
            case .sha256: verify(signature, digest: SHA256.hash(data: message))
            case .sha384: verify(signature, digest: SHA384.hash(data: message))
            case .sha512: verify(signature, digest: SHA512.hash(data: message))
            }
        guard verdict == .refused(.doesNotVerify), case .rsapss(_, let bytes) = signature,
            let other = try? LibCryptoKey(key),
            other.verifiesPSSOfAnySalt(bytes, digest: hash.digest(message), hash: hash)
        else { return verdict }
        return .refused(.saltOfAnotherLength)
    }

    private func verify(_ signature: TPMTSignature, digest: some Digest) -> SignatureVerdict {
        switch (signature, key.imported) {
        case (.rsassa(_, let bytes), .rsa(let rsa)):
            return verify(bytes, digest: digest, rsa, .insecurePKCS1v1_5)
        case (.rsapss(_, let bytes), .rsa(let rsa)):
            return verify(bytes, digest: digest, rsa, .PSS)
        case (.ecdsa(_, let r, let s), .p256(let p256)):
            guard let r = r.leftPadded(to: 32), let s = s.leftPadded(to: 32),
                let pair = try? P256.Signing.ECDSASignature(rawRepresentation: r + s)
            else { return .refused(.wrongLength) }
            return p256.isValidSignature(pair, for: digest) ? .valid : .refused(.doesNotVerify)
        case (.ecdsa(_, let r, let s), .p384(let p384)):
            guard let r = r.leftPadded(to: 48), let s = s.leftPadded(to: 48),
                let pair = try? P384.Signing.ECDSASignature(rawRepresentation: r + s)
            else { return .refused(.wrongLength) }
            return p384.isValidSignature(pair, for: digest) ? .valid : .refused(.doesNotVerify)
        case (.ecdsa(_, let r, let s), .p521(let p521)):
            guard let r = r.leftPadded(to: 66), let s = s.leftPadded(to: 66),
                let pair = try? P521.Signing.ECDSASignature(rawRepresentation: r + s)
            else { return .refused(.wrongLength) }
            return p521.isValidSignature(pair, for: digest) ? .valid : .refused(.doesNotVerify)
        case (.rsassa, _), (.rsapss, _), (.ecdsa, _), (.hmac, _):
            return .refused(.schemeMismatch(signature.sigAlg))
        }
    }

    private func verify(
        _ bytes: [UInt8],
        digest: some Digest,
        _ rsa: _RSA.Signing.PublicKey,
        _ padding: _RSA.Signing.Padding
    ) -> SignatureVerdict {
        guard bytes.count * 8 == rsa.keySizeInBits else { return .refused(.wrongLength) }
        let signature = _RSA.Signing.RSASignature(rawRepresentation: bytes)
        return rsa.isValidSignature(signature, for: digest, padding: padding) ? .valid : .refused(.doesNotVerify)
    }
}

extension PublicKey {
    /// Checks a signature over a digest, in the form of files' signatures: PKCS #1 v1.5 for RSA, DER for a curve.
    ///
    /// For signatures over something that is not at hand, only its digest, which somebody else has authenticated.
    /// - Parameter hash: with which the digest was made; one of another length does not verify.
    public func verifies(_ signature: [UInt8], over digest: [UInt8], of hash: HashAlgorithm) -> Bool {
        guard digest.count == hash.digestSize, let key = try? LibCryptoKey(self) else { return false }
        return key.verifies(signature, digest: digest, hash: hash)
    }
}
