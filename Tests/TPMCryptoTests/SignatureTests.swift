import Crypto
import FoundationEssentials
import TPMCrypto
import TPMWire
import Testing

@Suite struct SignatureTests {
    static let message = KnownAnswers.message

    private func rsa(_ scheme: TPMTAsymScheme) throws -> VerifyingKey {
        try VerifyingKey(PublicKeyTests.rsa(scheme: scheme))
    }

    private func p256(_ scheme: TPMTAsymScheme = .ecdsa(.sha256)) throws -> (VerifyingKey, P256.Signing.PrivateKey) {
        let own = P256.Signing.PrivateKey()
        let point = Array(own.publicKey.rawRepresentation)
        let area = TPMTPublic(
            nameAlg: .sha256,
            objectAttributes: [.restricted, .sign],
            parameters: .ecc(
                TPMSECCParms(symmetric: .null, scheme: scheme, curveID: .p256),
                unique: TPMSECCPoint(x: Array(point.prefix(32)), y: Array(point.suffix(32)))
            )
        )
        return (try VerifyingKey(area), own)
    }

    private func sign(_ own: P256.Signing.PrivateKey) throws -> (r: [UInt8], s: [UInt8]) {
        let raw = Array(try own.signature(for: Self.message).rawRepresentation)
        return (Array(raw.prefix(32)), Array(raw.suffix(32)))
    }

    @Test func rsaSignaturesVerifyWithTheirScheme() throws {
        let pss = TPMTSignature.rsapss(.sha256, KnownAnswers.pssDigestSalt)
        let pkcs1 = TPMTSignature.rsassa(.sha256, KnownAnswers.rsassa)
        #expect(try rsa(.rsapss(.sha256)).verify(pss, over: Self.message) == .valid)
        #expect(try rsa(.rsassa(.sha256)).verify(pkcs1, over: Self.message) == .valid)
        let sha1 = TPMTSignature.rsassa(.sha1, KnownAnswers.rsassaSHA1)
        #expect(try rsa(.rsassa(.sha1)).verify(sha1, over: Self.message) == .valid)
        let any = VerifyingKey(anySchemeOf: try PublicKey(subjectPublicKeyInfo: KnownAnswers.rsaSPKI))
        for signature in [pss, pkcs1, sha1] { #expect(any.verify(signature, over: Self.message) == .valid) }
    }

    @Test func otherBytesDoNotVerify() throws {
        let signature = TPMTSignature.rsapss(.sha256, KnownAnswers.pssDigestSalt)
        let key = try rsa(.rsapss(.sha256))
        #expect(key.verify(signature, over: Self.message + [0]) == .refused(.doesNotVerify))
        #expect(key.verify(signature, over: []) == .refused(.doesNotVerify))
        var bytes = KnownAnswers.pssDigestSalt
        bytes[100] ^= 1
        #expect(key.verify(.rsapss(.sha256, bytes), over: Self.message) == .refused(.doesNotVerify))
    }

    @Test func attack19_schemeOfTheSignatureIsNotTheKeys() throws {
        let pss = KnownAnswers.pssDigestSalt
        let pkcs1 = KnownAnswers.rsassa
        #expect(
            try rsa(.rsapss(.sha256)).verify(.rsassa(.sha256, pkcs1), over: Self.message)
                == .refused(.schemeMismatch(.rsassa))
        )
        #expect(
            try rsa(.rsassa(.sha256)).verify(.rsapss(.sha256, pss), over: Self.message)
                == .refused(.schemeMismatch(.rsapss))
        )
        // Relabelled to fit the key, the padding does not.
        #expect(
            try rsa(.rsapss(.sha256)).verify(.rsapss(.sha256, pkcs1), over: Self.message) == .refused(.doesNotVerify)
        )
        #expect(
            try rsa(.rsassa(.sha256)).verify(.rsassa(.sha256, pss), over: Self.message) == .refused(.doesNotVerify)
        )
    }

    @Test func attack20_hashFieldLies() throws {
        let signature = KnownAnswers.pssDigestSalt
        for hash: AlgorithmID in [.sha1, .sha384, .sha512, .sha3_256, .null, AlgorithmID(rawValue: 0xFFFF)] {
            #expect(
                try rsa(.rsapss(.sha256)).verify(.rsapss(hash, signature), over: Self.message)
                    == .refused(.hashMismatch(hash))
            )
        }
        // Without a scheme of its own the key leaves the choice to the signature, but never beyond what is computed.
        let any = VerifyingKey(anySchemeOf: try PublicKey(subjectPublicKeyInfo: KnownAnswers.rsaSPKI))
        #expect(
            any.verify(.rsapss(.sha3_256, signature), over: Self.message) == .refused(.unsupportedHash(.sha3_256))
        )
        #expect(any.verify(.rsapss(.sha384, signature), over: Self.message) == .refused(.doesNotVerify))
    }

    @Test func attack21_valuesOfRAndS() throws {
        let (key, own) = try p256()
        let (r, s) = try sign(own)
        let order = hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")
        let zero = [UInt8](repeating: 0, count: 32)
        #expect(key.verify(.ecdsa(.sha256, r: r, s: s), over: Self.message) == .valid)
        for (r, s) in [
            (zero, s), (r, zero), (zero, zero), (order, s), (r, order), ([0], s), (r, [0]),
            (zero, order), (Array(repeating: 0xff, count: 32), s),
        ] {
            #expect(key.verify(.ecdsa(.sha256, r: r, s: s), over: Self.message) == .refused(.doesNotVerify))
        }
        for (r, s) in [([0] + r, s), (r, [0] + s), ([1] + r, s), ([], s), (r, [])] {
            #expect(key.verify(.ecdsa(.sha256, r: r, s: s), over: Self.message) == .refused(.wrongLength))
        }
        let der = Array(try P256.Signing.ECDSASignature(rawRepresentation: r + s).derRepresentation)
        #expect(key.verify(.ecdsa(.sha256, r: der, s: s), over: Self.message) == .refused(.wrongLength))
        #expect(key.verify(.ecdsa(.sha256, r: r + s, s: []), over: Self.message) == .refused(.wrongLength))
    }

    @Test func attack21_strippedLeadingZerosVerify() throws {
        let (key, own) = try p256()
        var met = 0
        // One signature in 128 has a number that begins with a zero byte.
        for _ in 0..<20_000 where met < 2 {
            let (r, s) = try sign(own)
            guard r.first == 0 || s.first == 0 else { continue }
            met += 1
            let stripped = TPMTSignature.ecdsa(
                .sha256,
                r: Array(r.drop { $0 == 0 }),
                s: Array(s.drop { $0 == 0 })
            )
            #expect(key.verify(stripped, over: Self.message) == .valid)
        }
        #expect(met == 2)
    }

    @Test func bothHalvesOfSVerify() throws {
        let (key, own) = try p256()
        let (r, s) = try sign(own)
        let order = hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")
        var borrow = 0
        var mirrored = [UInt8](repeating: 0, count: 32)
        for index in (0..<32).reversed() {
            let difference = Int(order[index]) - Int(s[index]) - borrow
            borrow = difference < 0 ? 1 : 0
            mirrored[index] = UInt8((difference + 256) % 256)
        }
        #expect(key.verify(.ecdsa(.sha256, r: r, s: mirrored), over: Self.message) == .valid)
    }

    @Test func attack22_signatureOfAnotherKeyType() throws {
        let (key, own) = try p256(.null)
        let (r, s) = try sign(own)
        #expect(
            key.verify(.rsapss(.sha256, KnownAnswers.pssDigestSalt), over: Self.message)
                == .refused(.schemeMismatch(.rsapss))
        )
        let rsaKey = VerifyingKey(anySchemeOf: try PublicKey(subjectPublicKeyInfo: KnownAnswers.rsaSPKI))
        #expect(
            rsaKey.verify(.ecdsa(.sha256, r: r, s: s), over: Self.message) == .refused(.schemeMismatch(.ecdsa))
        )
        let hmac = try #require(TPMTHA(hashAlg: .sha256, digest: r))
        #expect(key.verify(.hmac(hmac), over: Self.message) == .refused(.schemeMismatch(.hmac)))
        #expect(rsaKey.verify(.rsassa(.sha256, r + s), over: Self.message) == .refused(.wrongLength))
        #expect(rsaKey.verify(.rsassa(.sha256, []), over: Self.message) == .refused(.wrongLength))
    }

    @Test func attack23_saltLengths() throws {
        let key = try rsa(.rsapss(.sha256))
        for salt in [KnownAnswers.pssMaximumSalt, KnownAnswers.pssNoSalt] {
            let signature = TPMTSignature.rsapss(.sha256, salt)
            #expect(key.verify(signature, over: Self.message) == .refused(.saltOfAnotherLength))
            #expect(key.verify(signature, over: Self.message + [0]) == .refused(.doesNotVerify))
        }
        // The mask generation function must use the same hash, whatever the salt.
        let mgf = TPMTSignature.rsapss(.sha256, KnownAnswers.pssOtherMGF)
        #expect(key.verify(mgf, over: Self.message) == .refused(.doesNotVerify))
    }

    @Test func attack25_signatureByAnotherKey() throws {
        let (key, own) = try p256()
        let (_, other) = try p256()
        let (r, s) = try sign(other)
        #expect(key.verify(.ecdsa(.sha256, r: r, s: s), over: Self.message) == .refused(.doesNotVerify))
        let genuine = try sign(own)
        #expect(key.verify(.ecdsa(.sha256, r: genuine.r, s: genuine.s), over: Self.message) == .valid)
    }

    @Test func theOtherCurvesAndTheirHashes() throws {
        let p384 = P384.Signing.PrivateKey()
        let p521 = P521.Signing.PrivateKey()
        let raw384 = Array(try p384.signature(for: SHA384.hash(data: Self.message)).rawRepresentation)
        let raw521 = Array(try p521.signature(for: SHA512.hash(data: Self.message)).rawRepresentation)
        let key384 = VerifyingKey(
            anySchemeOf: try PublicKey(subjectPublicKeyInfo: Array(p384.publicKey.derRepresentation))
        )
        let key521 = VerifyingKey(
            anySchemeOf: try PublicKey(subjectPublicKeyInfo: Array(p521.publicKey.derRepresentation))
        )
        let signature384 = TPMTSignature.ecdsa(.sha384, r: Array(raw384.prefix(48)), s: Array(raw384.suffix(48)))
        let signature521 = TPMTSignature.ecdsa(.sha512, r: Array(raw521.prefix(66)), s: Array(raw521.suffix(66)))
        #expect(key384.verify(signature384, over: Self.message) == .valid)
        #expect(key521.verify(signature521, over: Self.message) == .valid)
        #expect(key384.verify(signature521, over: Self.message) == .refused(.wrongLength))
        #expect(key521.verify(signature384, over: Self.message) == .refused(.doesNotVerify))
    }

    @Test(arguments: [
        TPMTAsymScheme.ecdaa(.sha256, count: 0), .sm2(.sm3_256), .ecschnorr(.sha256), .ecdh(.sha256),
        .ecdsa(.sha3_256), .ecdsa(.null),
    ])
    func schemesThatNothingVerifiesAreRefusedWithTheKey(scheme: TPMTAsymScheme) {
        #expect(throws: TPMCryptoError.self) { try p256(scheme) }
    }

    /// Whatever comes, there is an answer and no trap.
    @Test func noiseIsRefused() throws {
        let (ecc, _) = try p256(.null)
        let rsaKey = VerifyingKey(anySchemeOf: try PublicKey(subjectPublicKeyInfo: KnownAnswers.rsaSPKI))
        for _ in 0..<300 {
            let bytes = (0..<256).map { _ in UInt8.random(in: 0...255) }
            let hash = AlgorithmID(rawValue: UInt16.random(in: 0...0x30))
            let length = Int.random(in: 0...66)
            for signature: TPMTSignature in [
                .rsassa(hash, bytes), .rsapss(hash, bytes), .rsapss(hash, Array(bytes.prefix(length))),
                .ecdsa(hash, r: Array(bytes.prefix(length)), s: Array(bytes.suffix(length))),
                .ecdsa(hash, r: Array(bytes.prefix(32)), s: Array(bytes.suffix(32))),
            ] {
                #expect(ecc.verify(signature, over: bytes) != .valid)
                #expect(rsaKey.verify(signature, over: bytes) != .valid)
            }
        }
    }
}
