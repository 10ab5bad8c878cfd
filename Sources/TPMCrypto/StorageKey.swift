public import TPMWire

/// A key that secrets can be sent to: an endorsement key, or another restricted decryption key.
///
/// Whether the TPM behind it is genuine is not known here: its certificate says that.
public struct StorageKey: Sendable, Hashable {
    /// The numbers.
    public let key: PublicKey
    /// The hash of the key's Name, of its seeds and of its integrity values.
    public let nameAlg: HashAlgorithm
    /// Length of the AES key that protects what is sent, in bits.
    let symmetricBits: UInt16
    /// The hash within OAEP: that of the key's scheme when it has one, else nameAlg (Part 1, B.10.3 and B.4).
    let oaepHash: HashAlgorithm

    /// The key of a public area; refuses one that is not a storage key with AES in CFB mode.
    public init(_ area: TPMTPublic) throws(TPMCryptoError) {
        key = try PublicKey(area)
        nameAlg = try HashAlgorithm(area.nameAlg)
        let symmetric: TPMTSymDefObject =
            switch area.parameters {
            case .rsa(let detail, _): detail.symmetric
            case .ecc(let detail, _): detail.symmetric
            case .keyedHash, .symCipher: .null
            }
        guard area.objectAttributes.isSuperset(of: [.restricted, .decrypt]),
            case .cipher(.aes, let bits, .cfb) = symmetric, [128, 192, 256].contains(bits)
        else {
            throw TPMCryptoError(
                .unsuitableKey,
                "the key is no restricted decryption key that protects with AES in CFB mode"
            )
        }
        symmetricBits = bits
        if case .oaep(let hash) = area.scheme {
            oaepHash = try HashAlgorithm(hash)
        } else {
            oaepHash = nameAlg
        }
    }
}

/// Why a secret is sent: part of the computation, so that a secret for one use cannot be used for another.
public enum SecretLabel: String, Sendable {
    case identity = "IDENTITY"
    case duplicate = "DUPLICATE"
    case secret = "SECRET"
}

/// A seed that the sender knows, and its form for the holder of a key.
public struct EncapsulatedSeed: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    package let seed: [UInt8]
    /// What goes over the wire.
    public let secret: TPM2BEncryptedSecret

    /// Says nothing about the seed.
    public var description: String { "EncapsulatedSeed(secret)" }
    /// Shows nothing of the seed.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
