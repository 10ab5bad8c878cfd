public import TPMWire

/// How a key signs: the scheme of its public area.
public struct SigningScheme: Sendable, Hashable {
    /// RSASSA, RSAPSS or ECDSA.
    public let algorithm: AlgorithmID
    /// The hash that the scheme fixes.
    public let hash: HashAlgorithm
}

/// A public key together with the one scheme it signs with.
///
/// Make it once from the *enrolled* public area and keep it: import is cheap, but not free.
public struct VerifyingKey: Sendable, Hashable {
    /// The numbers.
    public let key: PublicKey
    /// The scheme of the public area; nil when the key leaves it to each signature (TPM_ALG_NULL, or a PEM file).
    public let scheme: SigningScheme?

    /// The key of a public area.
    ///
    /// Refuses, with the reason, keys and schemes that nothing here can verify. Attributes, symmetric and kdf fields
    /// are not looked at: whoever judges the key does that.
    public init(_ area: TPMTPublic) throws(TPMCryptoError) {
        key = try PublicKey(area)
        switch area.scheme {
        case .rsassa(let hash): scheme = SigningScheme(algorithm: .rsassa, hash: try HashAlgorithm(hash))
        case .rsapss(let hash): scheme = SigningScheme(algorithm: .rsapss, hash: try HashAlgorithm(hash))
        case .ecdsa(let hash): scheme = SigningScheme(algorithm: .ecdsa, hash: try HashAlgorithm(hash))
        case .null: scheme = nil
        case let other?:
            throw TPMCryptoError(.unsupportedAlgorithm, "signatures with \(other.algorithm) are not supported")
        case nil:
            throw TPMCryptoError(.unsuitableKey, "the object does not sign with a public key")
        }
    }

    /// A key without a public area, as from a PEM file: every scheme for its type is accepted.
    public init(anySchemeOf key: PublicKey) {
        self.key = key
        scheme = nil
    }
}

/// The answer to "did this key sign these bytes".
public enum SignatureVerdict: Sendable, Hashable {
    case valid
    case refused(SignatureRefusal)
}

/// Why a signature is not accepted.
public enum SignatureRefusal: Sendable, Hashable, CustomStringConvertible {
    /// The signature names another scheme than the key has, or one for another type of key.
    case schemeMismatch(AlgorithmID)
    /// The signature names another hash than the key's scheme has.
    case hashMismatch(AlgorithmID)
    /// The signature names a hash that is not supported, and the key fixes none.
    case unsupportedHash(AlgorithmID)
    /// The signature, or one of r and s, has a length that no signature of this key has.
    case wrongLength
    /// The signature verifies but for the length of its RSAPSS salt, which is not the digest's.
    case saltOfAnotherLength
    /// The signature does not verify: other bytes, other key, or damaged.
    case doesNotVerify

    /// One sentence for people; says only what was seen.
    public var description: String {
        switch self {
        case .schemeMismatch(let algorithm): "the signature is made with \(algorithm), which is not the key's scheme"
        case .hashMismatch(let algorithm): "the signature is over a \(algorithm) digest, which is not the key's hash"
        case .unsupportedHash(let algorithm): "the signature is over a \(algorithm) digest, which is not supported"
        case .wrongLength: "the signature has a length that no signature of this key has"
        case .saltOfAnotherLength: "the RSAPSS signature has a salt of another length than its digest"
        case .doesNotVerify: "the signature does not verify with this key over these bytes"
        }
    }
}
