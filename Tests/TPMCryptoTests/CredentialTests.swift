import Crypto
import CryptoExtras
import FoundationEssentials
import TPMCrypto
import TPMWire
import Testing

@Suite struct CredentialTests {
    private func name() throws -> Name { try Name(contents: KnownAnswers.name) }

    @Test(arguments: KnownAnswers.curves)
    func knownAnswerOnCurves(curve: KnownAnswers.Curve) throws {
        let ek = try StorageKey(PublicKeyTests.ecc(curve))
        let seed = try #require(try ek.encapsulate(label: .identity, ephemeralScalar: curve.ephemeral))
        #expect(seed.seed == curve.seed)
        #expect(seed.secret.secret == curve.point)
        let credential = try ek.makeCredential(name: name(), secret: KnownAnswers.secret, seed: seed)
        #expect(credential.idObject.bytes == curve.idObject)
        #expect(credential.secret.secret == curve.point)
    }

    @Test func knownAnswerWithRSA() throws {
        let ek = try StorageKey(PublicKeyTests.rsa())
        let seed = try ek.encapsulate(
            seed: KnownAnswers.rsaSeed,
            label: .identity,
            oaepSeed: KnownAnswers.rsaOAEPSeed
        )
        #expect(seed.secret.secret == KnownAnswers.rsaEncryptedSeed)
        let credential = try ek.makeCredential(name: name(), secret: KnownAnswers.secret, seed: seed)
        #expect(credential.idObject.bytes == KnownAnswers.rsaIDObject)
    }

    @Test func theLabelIsPartOfTheCiphertext() throws {
        let ek = try StorageKey(PublicKeyTests.rsa())
        let identity = try ek.encapsulate(
            seed: KnownAnswers.rsaSeed,
            label: .identity,
            oaepSeed: KnownAnswers.rsaOAEPSeed
        )
        let duplicate = try ek.encapsulate(
            seed: KnownAnswers.rsaSeed,
            label: .duplicate,
            oaepSeed: KnownAnswers.rsaOAEPSeed
        )
        #expect(identity.secret != duplicate.secret)
    }

    /// What the TPM does in TPM2_ActivateCredential, with the private key of the known answers.
    private func open(
        _ encrypted: [UInt8],
        integrity: [UInt8],
        name: Name,
        secret: TPM2BEncryptedSecret,
        label: SecretLabel
    ) throws -> [UInt8]? {
        let point = try TPMSECCPoint(parsing: secret.secret)
        let own = try P256.KeyAgreement.PrivateKey(rawRepresentation: KnownAnswers.p256.privateKey)
        let peer = try P256.KeyAgreement.PublicKey(rawRepresentation: point.x + point.y)
        let z = unsafe try own.sharedSecretFromKeyAgreement(with: peer).withUnsafeBytes { unsafe Array($0) }
        let hash = HashAlgorithm.sha256
        let seed = hash.kdfe(z: z, label: label.rawValue, partyU: point.x, partyV: KnownAnswers.p256.x, bits: 256)
        let integrityKey = hash.kdfa(key: seed, label: "INTEGRITY", contextU: [], contextV: [], bits: 256)
        guard hash.hmac(key: integrityKey, encrypted, name.contents) == integrity else { return nil }
        let key = hash.kdfa(key: seed, label: "STORAGE", contextU: name.contents, contextV: [], bits: 128)
        let iv = try AES._CFB.IV(ivBytes: [UInt8](repeating: 0, count: 16))
        return Array(try AES._CFB.decrypt(encrypted, using: SymmetricKey(data: key), iv: iv))
    }

    @Test(arguments: [0, 1, 16, 31, 32])
    func credentialsOpenForTheirHolderAndNameOnly(length: Int) throws {
        let ek = try StorageKey(PublicKeyTests.ecc(KnownAnswers.p256))
        let secret = (0..<length).map { UInt8($0) }
        var generator = SystemRandomNumberGenerator()
        let credential = try ek.makeCredential(name: name(), secret: secret, using: &generator)
        let object = credential.idObject.contents
        let opened = try open(
            object.encIdentity,
            integrity: object.integrityHMAC,
            name: name(),
            secret: credential.secret,
            label: .identity
        )
        #expect(opened == TPM2BDigest(secret).bytes)
        let other = try Name(of: DeviceIdentityTemplate.eccP256.iak())
        #expect(
            try open(
                object.encIdentity,
                integrity: object.integrityHMAC,
                name: other,
                secret: credential.secret,
                label: .identity
            ) == nil
        )
        #expect(
            try open(
                object.encIdentity,
                integrity: object.integrityHMAC,
                name: name(),
                secret: credential.secret,
                label: .duplicate
            ) == nil
        )
        #expect(try TPM2BIDObject(parsing: credential.idObject.bytes) == credential.idObject)
    }

    @Test func duplicatesOpenForTheirHolder() throws {
        let parent = try StorageKey(PublicKeyTests.ecc(KnownAnswers.p256))
        let sensitive = TPMTSensitive(
            sensitiveType: .keyedHash,
            seedValue: Array(repeating: 7, count: 32),
            sensitive: KnownAnswers.secret
        )
        var generator = SystemRandomNumberGenerator()
        let duplicate = try parent.duplicate(sensitive, name: name(), using: &generator)
        var reader = ByteReader(duplicate.duplicate.buffer)
        let integrity = try reader.sized(max: 64, "outerHMAC")
        let encrypted = try reader.rest(max: 512, "dupSensitive")
        let opened = try open(encrypted, integrity: integrity, name: name(), secret: duplicate.seed, label: .duplicate)
        #expect(opened == TPM2B(sensitive).bytes)
    }

    @Test func everyCredentialIsFresh() throws {
        var generator = SystemRandomNumberGenerator()
        for area in [
            PublicKeyTests.ecc(KnownAnswers.p256), PublicKeyTests.ecc(KnownAnswers.p521), PublicKeyTests.rsa(),
        ] {
            let ek = try StorageKey(area)
            let made = try (0..<8).map { _ in
                try ek.makeCredential(name: name(), secret: KnownAnswers.secret, using: &generator)
            }
            #expect(Set(made.map(\.secret)).count == made.count)
            #expect(Set(made.map(\.idObject)).count == made.count)
        }
    }

    @Test func secretsThatDoNotFitAreRefused() throws {
        let ek = try StorageKey(PublicKeyTests.ecc(KnownAnswers.p256))
        var generator = SystemRandomNumberGenerator()
        #expect(throws: TPMCryptoError.self) {
            try ek.makeCredential(name: name(), secret: Array(repeating: 0, count: 33), using: &generator)
        }
    }

    @Test func keysThatCannotReceiveAreRefused() {
        var signing = PublicKeyTests.ecc(KnownAnswers.p256)
        signing.objectAttributes = [.restricted, .sign]
        #expect(throws: TPMCryptoError.self) { try StorageKey(signing) }
        var plain = PublicKeyTests.rsa()
        plain.objectAttributes = [.decrypt]
        #expect(throws: TPMCryptoError.self) { try StorageKey(plain) }
        for symmetric: TPMTSymDefObject in [
            .null, .cipher(.aes, keyBits: 128, mode: .cbc), .cipher(.camellia, keyBits: 128, mode: .cfb),
            .cipher(.aes, keyBits: 64, mode: .cfb),
        ] {
            let area = TPMTPublic(
                nameAlg: .sha256,
                objectAttributes: [.restricted, .decrypt],
                parameters: .rsa(
                    TPMSRSAParms(symmetric: symmetric, scheme: .null, keyBits: 2048),
                    unique: KnownAnswers.rsaModulus
                )
            )
            #expect(throws: TPMCryptoError.self) { try StorageKey(area) }
        }
    }

    @Test func aBrokenSourceOfRandomnessIsNoticed() throws {
        let ek = try StorageKey(PublicKeyTests.ecc(KnownAnswers.p256))
        var zeros = Zeros()
        #expect(throws: TPMCryptoError.self) {
            try ek.makeCredential(name: name(), secret: KnownAnswers.secret, using: &zeros)
        }
    }

    @Test func seedsAreNotPrinted() throws {
        let ek = try StorageKey(PublicKeyTests.rsa())
        let seed = try ek.encapsulate(
            seed: KnownAnswers.rsaSeed,
            label: .identity,
            oaepSeed: KnownAnswers.rsaOAEPSeed
        )
        #expect("\(seed)" == "EncapsulatedSeed(secret)")
        #expect(Mirror(reflecting: seed).children.isEmpty)
    }
}

struct Zeros: RandomNumberGenerator {
    mutating func next() -> UInt64 { 0 }
}
