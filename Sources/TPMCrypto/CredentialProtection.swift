import Crypto
import CryptoExtras
import FoundationEssentials
public import TPMWire

/// What TPM2_MakeCredential makes: a secret that only the TPM with one endorsement key can read, and only when the
/// object with one Name is loaded in it.
public struct Credential: Sendable, Hashable {
    /// `credentialBlob` of TPM2_ActivateCredential.
    public let idObject: TPM2BIDObject
    /// `secret` of TPM2_ActivateCredential.
    public let secret: TPM2BEncryptedSecret

    /// Joins both, as they came from whoever made them.
    public init(idObject: TPM2BIDObject, secret: TPM2BEncryptedSecret) {
        self.idObject = idObject
        self.secret = secret
    }
}

/// What TPM2_Duplicate makes: an object that only the TPM with one storage key can import.
public struct Duplicate: Sendable, Hashable {
    /// `duplicate` of TPM2_Import.
    public let duplicate: TPM2BPrivate
    /// `inSymSeed` of TPM2_Import.
    public let seed: TPM2BEncryptedSecret
}

extension StorageKey {
    /// TPM2_MakeCredential in software (Part 1, 24).
    ///
    /// - Parameters:
    ///   - name: computed by the caller from a public area it has judged, never one that a device claims.
    ///   - secret: at most as long as a digest of the key's nameAlg; used once.
    public func makeCredential(
        name: Name,
        secret: [UInt8],
        using generator: inout some RandomNumberGenerator
    ) throws(TPMCryptoError) -> Credential {
        try makeCredential(
            name: name,
            secret: secret,
            seed: try encapsulateSeed(label: .identity, using: &generator)
        )
    }

    /// The same with a given seed, for known answers.
    package func makeCredential(
        name: Name,
        secret: [UInt8],
        seed: EncapsulatedSeed
    ) throws(TPMCryptoError) -> Credential {
        guard secret.count <= nameAlg.digestSize else {
            throw TPMCryptoError(.tooLong, "a credential holds at most \(nameAlg.digestSize) bytes")
        }
        let (integrity, encrypted) = try protect(TPM2BDigest(secret).bytes, name: name, seed: seed.seed)
        let object = TPMSIDObject(integrityHMAC: integrity, encIdentity: encrypted)
        return Credential(idObject: TPM2BIDObject(object), secret: seed.secret)
    }

    /// TPM2_Duplicate in software, with an outer wrapper and no inner one (Part 1, 23.3.2).
    ///
    /// Nothing here enrols in one round trip; whoever does gives a TPM the HMAC key in this form that is to certify the attestation key
    /// (TCG, TPM 2.0 Keys for Device Identity and Attestation). The tests have a TPM do that, because it is one computation with
    /// credential protection, and is wrong where that is.
    ///
    /// - Parameters:
    ///   - name: Name of the object, from its public area.
    ///   - sensitive: its secret half.
    public func duplicate(
        _ sensitive: TPMTSensitive,
        name: Name,
        using generator: inout some RandomNumberGenerator
    ) throws(TPMCryptoError) -> Duplicate {
        let seed = try encapsulateSeed(label: .duplicate, using: &generator)
        let (integrity, encrypted) = try protect(TPM2B(sensitive).bytes, name: name, seed: seed.seed)
        return Duplicate(duplicate: TPM2BPrivate(TPM2BDigest(integrity).bytes + encrypted), seed: seed.secret)
    }

    /// Encrypt-then-MAC under keys that depend on the seed and, through it, on the holder of the key.
    private func protect(
        _ contents: [UInt8],
        name: Name,
        seed: [UInt8]
    ) throws(TPMCryptoError) -> (integrity: [UInt8], encrypted: [UInt8]) {
        let symmetricKey = nameAlg.kdfa(
            key: seed,
            label: "STORAGE",
            contextU: name.contents,
            contextV: [],
            bits: symmetricBits
        )
        let integrityKey = nameAlg.kdfa(
            key: seed,
            label: "INTEGRITY",
            contextU: [],
            contextV: [],
            bits: UInt16(8 * nameAlg.digestSize)
        )
        do {
            // The key is used once, so a zero IV repeats nothing.
            let iv = try AES._CFB.IV(ivBytes: [UInt8](repeating: 0, count: 16))
            let encrypted = try AES._CFB.encrypt(contents, using: SymmetricKey(data: symmetricKey), iv: iv)
            return (nameAlg.hmac(key: integrityKey, Array(encrypted), name.contents), Array(encrypted))
        } catch {
            throw TPMCryptoError(.library, "AES in CFB mode failed")
        }
    }
}
