import Crypto
import FoundationEssentials
import TPMWire

extension StorageKey {
    /// Makes a fresh seed for the holder of the key (Part 1, B.10 for RSA and C.6 for elliptic curves).
    func encapsulateSeed(
        label: SecretLabel,
        using generator: inout some RandomNumberGenerator
    ) throws(TPMCryptoError) -> EncapsulatedSeed {
        switch key.numbers {
        case .rsa:
            let seed = generator.bytes(nameAlg.digestSize)
            return try encapsulate(seed: seed, label: label, oaepSeed: generator.bytes(oaepHash.digestSize))
        case .ecc(let curve, let x, _):
            for _ in 0..<Self.ephemeralAttempts {
                var scalar = generator.bytes(x.count)
                // The order of P-521 has 521 bits of 528.
                if curve == .p521, let first = scalar.first { scalar[0] = first & 0x01 }
                if let seed = try encapsulate(label: label, ephemeralScalar: scalar) { return seed }
            }
            throw TPMCryptoError(.library, "the source of randomness gives no usable number")
        }
    }

    /// A random string is no scalar of P-521 every second time and of the others nearly never.
    private static let ephemeralAttempts = 128

    /// RSA with given randomness, for known answers.
    package func encapsulate(
        seed: [UInt8],
        label: SecretLabel,
        oaepSeed: [UInt8]
    ) throws(TPMCryptoError) -> EncapsulatedSeed {
        guard case .rsa(let modulus) = key.numbers else {
            throw TPMCryptoError(.unsuitableKey, "the key is not an RSA key")
        }
        let block = try oaepHash.oaepEncode(
            seed,
            label: Array(label.rawValue.utf8) + [0],
            seed: oaepSeed,
            length: modulus.count
        )
        let secret = try LibCryptoKey(key).encryptWithoutPadding(block)
        return EncapsulatedSeed(seed: seed, secret: TPM2BEncryptedSecret(secret))
    }

    /// Elliptic curves with a given ephemeral key, for known answers; nil when the number is no scalar of the curve.
    package func encapsulate(label: SecretLabel, ephemeralScalar: [UInt8]) throws(TPMCryptoError) -> EncapsulatedSeed? {
        guard case .ecc(let curve, let x, let y) = key.numbers else {
            throw TPMCryptoError(.unsuitableKey, "the key is not an elliptic-curve key")
        }
        let z: [UInt8]
        let point: [UInt8]
        do {
            switch curve {
            case .p256:
                guard let own = try? P256.KeyAgreement.PrivateKey(rawRepresentation: ephemeralScalar) else {
                    return nil
                }
                let peer = try P256.KeyAgreement.PublicKey(rawRepresentation: x + y)
                z = try own.sharedSecretFromKeyAgreement(with: peer).bytes
                point = Array(own.publicKey.rawRepresentation)
            case .p384:
                guard let own = try? P384.KeyAgreement.PrivateKey(rawRepresentation: ephemeralScalar) else {
                    return nil
                }
                let peer = try P384.KeyAgreement.PublicKey(rawRepresentation: x + y)
                z = try own.sharedSecretFromKeyAgreement(with: peer).bytes
                point = Array(own.publicKey.rawRepresentation)
            default:
                guard let own = try? P521.KeyAgreement.PrivateKey(rawRepresentation: ephemeralScalar) else {
                    return nil
                }
                let peer = try P521.KeyAgreement.PublicKey(rawRepresentation: x + y)
                z = try own.sharedSecretFromKeyAgreement(with: peer).bytes
                point = Array(own.publicKey.rawRepresentation)
            }
        } catch {
            throw TPMCryptoError(.library, "key agreement on \(curve) failed")
        }
        let ephemeral = TPMSECCPoint(x: Array(point.prefix(x.count)), y: Array(point.suffix(x.count)))
        let seed = nameAlg.kdfe(
            z: z,
            label: label.rawValue,
            partyU: ephemeral.x,
            partyV: x,
            bits: UInt16(8 * nameAlg.digestSize)
        )
        return EncapsulatedSeed(seed: seed, secret: TPM2BEncryptedSecret(ephemeral.bytes))
    }
}

extension SharedSecret {
    fileprivate var bytes: [UInt8] { unsafe withUnsafeBytes { unsafe Array($0) } }
}

extension RandomNumberGenerator {
    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) }
    }
}

extension HashAlgorithm {
    /// EME-OAEP (RFC 8017, 7.1.1) with MGF1 of the same hash.
    ///
    /// Here because no library at hand takes the salt from its caller, and known answers need that.
    func oaepEncode(
        _ message: [UInt8],
        label: [UInt8],
        seed: [UInt8],
        length: Int
    ) throws(TPMCryptoError) -> [UInt8] {
        let padding = length - message.count - 2 * digestSize - 2
        guard padding >= 0, seed.count == digestSize else {
            throw TPMCryptoError(.tooLong, "the message is too long for OAEP with this key")
        }
        let data = digest(label) + [UInt8](repeating: 0, count: padding) + [1] + message
        let maskedData = xor(data, mgf1(seed, length: data.count))
        let maskedSeed = xor(seed, mgf1(maskedData, length: digestSize))
        return [0] + maskedSeed + maskedData
    }

    private func mgf1(_ seed: [UInt8], length: Int) -> [UInt8] {
        var mask: [UInt8] = []
        var counter: UInt32 = 0
        while mask.count < length {
            mask += digest(seed, counter.bigEndianBytes)
            counter += 1
        }
        return Array(mask.prefix(length))
    }

    private func xor(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] { zip(left, right).map { $0 ^ $1 } }
}
