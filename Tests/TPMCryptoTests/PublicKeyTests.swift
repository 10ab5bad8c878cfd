import Crypto
import FoundationEssentials
import TPMCrypto
import TPMWire
import Testing

@Suite struct PublicKeyTests {
    static func ecc(_ curve: KnownAnswers.Curve, x: [UInt8]? = nil, y: [UInt8]? = nil) -> TPMTPublic {
        TPMTPublic(
            nameAlg: curve.nameAlg,
            objectAttributes: [.restricted, .decrypt],
            parameters: .ecc(
                TPMSECCParms(symmetric: curve.symmetric, scheme: .null, curveID: curve.id),
                unique: TPMSECCPoint(x: x ?? curve.x, y: y ?? curve.y)
            )
        )
    }

    static func rsa(
        _ modulus: [UInt8] = KnownAnswers.rsaModulus,
        keyBits: UInt16 = 2048,
        exponent: UInt32 = 0,
        scheme: TPMTAsymScheme = .null
    ) -> TPMTPublic {
        TPMTPublic(
            nameAlg: .sha256,
            objectAttributes: [.restricted, .decrypt],
            parameters: .rsa(
                TPMSRSAParms(symmetric: .aes128CFB, scheme: scheme, keyBits: keyBits, exponent: exponent),
                unique: modulus
            )
        )
    }

    @Test(arguments: KnownAnswers.curves)
    func subjectPublicKeyInfoOfCurves(curve: KnownAnswers.Curve) throws {
        let key = try PublicKey(Self.ecc(curve))
        #expect(key.numbers == .ecc(curve.id, x: curve.x, y: curve.y))
        #expect(key.subjectPublicKeyInfo == curve.subjectPublicKeyInfo)
        #expect(try PublicKey(subjectPublicKeyInfo: curve.subjectPublicKeyInfo) == key)
    }

    @Test func subjectPublicKeyInfoOfRSA() throws {
        let key = try PublicKey(Self.rsa())
        #expect(key.numbers == .rsa(modulus: KnownAnswers.rsaModulus))
        #expect(key.subjectPublicKeyInfo == KnownAnswers.rsaSPKI)
        #expect(try PublicKey(subjectPublicKeyInfo: KnownAnswers.rsaSPKI) == key)
        #expect(try PublicKey(Self.rsa(exponent: 65_537)) == key)
    }

    @Test(arguments: KnownAnswers.curves.map(\.subjectPublicKeyInfo) + [KnownAnswers.rsaSPKI])
    func attack03_otherEncodingsOfAKeyAreRefused(der: [UInt8]) {
        #expect(throws: TPMCryptoError.self) { try PublicKey(subjectPublicKeyInfo: der + [0]) }
        for length in 0..<der.count {
            #expect(throws: TPMCryptoError.self) { try PublicKey(subjectPublicKeyInfo: Array(der.prefix(length))) }
        }
        #expect(throws: TPMCryptoError.self) {
            try PublicKey(subjectPublicKeyInfo: Array(repeating: 0x30, count: 5000))
        }
    }

    /// A changed byte gives another key or none, never the same one.
    @Test(arguments: [KnownAnswers.p256.subjectPublicKeyInfo, KnownAnswers.rsaSPKI])
    func mutatedKeys(der: [UInt8]) throws {
        let original = try PublicKey(subjectPublicKeyInfo: der)
        for index in der.indices {
            var bytes = der
            bytes[index] ^= 0x01
            if let other = try? PublicKey(subjectPublicKeyInfo: bytes) { #expect(other != original) }
        }
    }

    @Test func compressedPointsAreRefused() {
        let compressed = hex(
            """
            3039301306072a8648ce3d020106082a8648ce3d030107032200024ad93d89770f4f3006dae1c001e37a162122f7a0a7
            28822691c564f9d2205d78
            """
        )
        #expect(throws: TPMCryptoError.self) { try PublicKey(subjectPublicKeyInfo: compressed) }
    }

    @Test func pem() throws {
        let body = Data(KnownAnswers.p256.subjectPublicKeyInfo).base64EncodedString(options: .lineLength64Characters)
        let text = "-----BEGIN PUBLIC KEY-----\n\(body)\n-----END PUBLIC KEY-----\n"
        let key = try PublicKey(Self.ecc(KnownAnswers.p256))
        #expect(try PublicKey(pem: text) == key)
        #expect(try PublicKey(pem: text.replacing("\n", with: "\r\n")) == key)
        #expect(try PublicKey(pem: "a key of ours\n" + text) == key)
        #expect(throws: TPMCryptoError.self) { try PublicKey(pem: text.replacing("PUBLIC", with: "PRIVATE")) }
        #expect(throws: TPMCryptoError.self) { try PublicKey(pem: text.replacing("END", with: "BEGIN")) }
        #expect(throws: TPMCryptoError.self) { try PublicKey(pem: body) }
        #expect(throws: TPMCryptoError.self) { try PublicKey(pem: "") }
        #expect(throws: TPMCryptoError.self) { try PublicKey(pem: String(repeating: text, count: 200)) }
    }

    @Test func shortCoordinatesArePadded() throws {
        // The ephemeral point of this answer has an x that begins with a zero.
        let point = try TPMSECCPoint(parsing: KnownAnswers.p256.point)
        #expect(point.x.first == 0)
        let stripped = Self.ecc(KnownAnswers.p256, x: Array(point.x.dropFirst()), y: point.y)
        let key = try PublicKey(stripped)
        #expect(key == (try PublicKey(Self.ecc(KnownAnswers.p256, x: point.x, y: point.y))))
        #expect(key.numbers == .ecc(.p256, x: point.x, y: point.y))
    }

    @Test func badPointsAreRefused() {
        let curve = KnownAnswers.p256
        let zeros = [UInt8](repeating: 0, count: 32)
        let prime = hex("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff")
        for (x, y) in [
            (curve.y, curve.x), (zeros, zeros), ([], curve.y), (curve.x, []), ([0] + curve.x, curve.y),
            (curve.x, [0] + curve.y), (prime, curve.y), (KnownAnswers.p384.x, KnownAnswers.p384.y),
        ] {
            #expect(throws: TPMCryptoError.self) { try PublicKey(Self.ecc(curve, x: x, y: y)) }
        }
        for id in [ECCCurve.sm2P256, ECCCurve(rawValue: 0x0002), ECCCurve(rawValue: 0x0010)] {
            #expect(throws: TPMCryptoError.self) { try PublicKey(curve: id, x: curve.x, y: curve.y) }
        }
    }

    @Test func attack24_weakRSAKeysAreRefused() {
        #expect(throws: TPMCryptoError.self) { try PublicKey(Self.rsa(exponent: 3)) }
        #expect(throws: TPMCryptoError.self) { try PublicKey(Self.rsa(exponent: 1)) }
        #expect(throws: TPMCryptoError.self) { try PublicKey(subjectPublicKeyInfo: KnownAnswers.rsaExponentThreeSPKI) }
        #expect(throws: Never.self) { try PublicKey(Self.rsa(KnownAnswers.rsaExponentThreeModulus)) }
        let modulus = KnownAnswers.rsaModulus
        let short = Array(modulus.prefix(128))
        #expect(throws: TPMCryptoError.self) { try PublicKey(Self.rsa(short, keyBits: 1024)) }
        #expect(throws: TPMCryptoError.self) { try PublicKey(Self.rsa(modulus, keyBits: 3072)) }
        #expect(throws: TPMCryptoError.self) { try PublicKey(Self.rsa([0] + modulus.dropLast())) }
        #expect(throws: TPMCryptoError.self) { try PublicKey(Self.rsa([0] + modulus)) }
        #expect(throws: TPMCryptoError.self) { try PublicKey(Self.rsa([])) }
        var even = modulus
        even[255] &= 0xFE
        #expect(throws: TPMCryptoError.self) { try PublicKey(Self.rsa(even)) }
    }

    @Test func symmetricObjectsHaveNoPublicKey() {
        let area = TPMTPublic(
            nameAlg: .sha256,
            objectAttributes: [],
            parameters: .keyedHash(.hmac(.sha256), unique: [])
        )
        #expect(throws: TPMCryptoError.self) { try PublicKey(area) }
        #expect(throws: TPMCryptoError.self) { try VerifyingKey(area) }
        #expect(throws: TPMCryptoError.self) { try StorageKey(area) }
    }
}
