import Crypto
import CryptoExtras
import Foundation
import SwiftASN1

/// DER written by hand, so that a test can also write what no library would.
enum TestDER {
    static func bytes(_ write: (inout DER.Serializer) throws -> Void) rethrows -> [UInt8] {
        var serializer = DER.Serializer()
        try write(&serializer)
        return serializer.serializedBytes
    }

    static func sequence(_ parts: [UInt8]...) -> [UInt8] { node(0x30, parts.flatMap { $0 }) }

    static func node(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        switch content.count {
        case ..<0x80: [tag, UInt8(content.count)] + content
        case ..<0x100: [tag, 0x81, UInt8(content.count)] + content
        case ..<0x10000: [tag, 0x82, UInt8(content.count >> 8), UInt8(content.count & 0xFF)] + content
        default:
            [tag, 0x83, UInt8(content.count >> 16), UInt8(content.count >> 8 & 0xFF), UInt8(content.count & 0xFF)]
                + content
        }
    }

    static func identifier(_ identifier: ASN1ObjectIdentifier) -> [UInt8] {
        (try? bytes { try $0.serialize(identifier) }) ?? []
    }

    static func utf8(_ text: String) -> [UInt8] { node(0x0C, Array(text.utf8)) }
    static func octets(_ bytes: [UInt8]) -> [UInt8] { node(0x04, bytes) }
    static func bits(_ bytes: [UInt8], unused: UInt8 = 0) -> [UInt8] { node(0x03, [unused] + bytes) }
    static let null: [UInt8] = [0x05, 0x00]
    static let `true`: [UInt8] = [0x01, 0x01, 0xFF]
    static let `false`: [UInt8] = [0x01, 0x01, 0x00]

    static func integer(_ magnitude: [UInt8]) -> [UInt8] {
        node(0x02, (magnitude.first ?? 0) >= 0x80 ? [0] + magnitude : magnitude)
    }

    static func attribute(_ type: ASN1ObjectIdentifier, _ text: String) -> [UInt8] {
        sequence(identifier(type), utf8(text))
    }

    /// A name of one-valued relative names.
    static func name(_ attributes: (ASN1ObjectIdentifier, String)...) -> [UInt8] {
        node(0x30, attributes.flatMap { node(0x31, attribute($0.0, $0.1)) })
    }

    static func name(common: String) -> [UInt8] { name(([2, 5, 4, 3], common)) }

    static func time(_ seconds: Int64) -> [UInt8] {
        let date = Date(timeIntervalSince1970: TimeInterval(seconds))
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "UTC")
        formatter.dateFormat = seconds < 2_524_608_000 ? "yyMMddHHmmss'Z'" : "yyyyMMddHHmmss'Z'"
        return node(seconds < 2_524_608_000 ? 0x17 : 0x18, Array(formatter.string(from: date).utf8))
    }
}

/// A key that signs, with its SubjectPublicKeyInfo and AlgorithmIdentifier.
struct TestKey: Sendable {
    let info: [UInt8]
    let algorithm: [UInt8]
    let sign: @Sendable ([UInt8]) -> [UInt8]

    static func p256(_ key: P256.Signing.PrivateKey = P256.Signing.PrivateKey()) -> TestKey {
        TestKey(
            info: Array(key.publicKey.derRepresentation),
            algorithm: TestDER.sequence(TestDER.identifier([1, 2, 840, 10045, 4, 3, 2]))
        ) { message in
            (try? key.signature(for: message)).map { Array($0.derRepresentation) } ?? []
        }
    }

    static func rsa(
        _ key: _RSA.Signing.PrivateKey,
        algorithm: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 1, 11]
    ) -> TestKey {
        let sha1 = algorithm == [1, 2, 840, 113549, 1, 1, 5]
        return TestKey(
            info: Array(key.publicKey.derRepresentation),
            algorithm: TestDER.sequence(TestDER.identifier(algorithm), TestDER.null)
        ) { message in
            let signature =
                sha1
                ? try? key.signature(for: Insecure.SHA1.hash(data: message), padding: .insecurePKCS1v1_5)
                : try? key.signature(for: SHA256.hash(data: message), padding: .insecurePKCS1v1_5)
            return signature.map { Array($0.rawRepresentation) } ?? []
        }
    }

    /// RSASSA-PSS with SHA-256; `salt` is what the parameters claim.
    static func pss(
        _ key: _RSA.Signing.PrivateKey,
        salt: UInt8 = 32,
        mask: ASN1ObjectIdentifier = [2, 16, 840, 1, 101, 3, 4, 2, 1]
    ) -> TestKey {
        let sha256 = TestDER.sequence(TestDER.identifier([2, 16, 840, 1, 101, 3, 4, 2, 1]), TestDER.null)
        let parameters = TestDER.sequence(
            TestDER.node(0xA0, sha256),
            TestDER.node(
                0xA1,
                TestDER.sequence(
                    TestDER.identifier([1, 2, 840, 113549, 1, 1, 8]),
                    TestDER.sequence(TestDER.identifier(mask), TestDER.null)
                )
            ),
            TestDER.node(0xA2, TestDER.integer([salt]))
        )
        return TestKey(
            info: Array(key.publicKey.derRepresentation),
            algorithm: TestDER.sequence(TestDER.identifier([1, 2, 840, 113549, 1, 1, 10]), parameters)
        ) { message in
            (try? key.signature(for: SHA256.hash(data: message), padding: .PSS)).map { Array($0.rawRepresentation) }
                ?? []
        }
    }

    /// Generated once: making an RSA key takes longer than all else here.
    static let sharedRSA: _RSA.Signing.PrivateKey? = try? _RSA.Signing.PrivateKey(keySize: .bits2048)
}

/// One extension of a test certificate, in the parts it is written from.
struct TestExtension: Sendable {
    var identifier: ASN1ObjectIdentifier
    /// The BOOLEAN as written: nothing, TRUE or, against DER, FALSE.
    var critical: [UInt8] = []
    var value: [UInt8]

    var encoded: [UInt8] {
        TestDER.sequence(TestDER.identifier(identifier), critical, TestDER.octets(value))
    }

    static func basicConstraints(_ content: [UInt8]) -> TestExtension {
        TestExtension(identifier: [2, 5, 29, 19], critical: TestDER.true, value: TestDER.node(0x30, content))
    }
    static let notAuthority = basicConstraints([])
    static func authority(pathLength: UInt8? = nil) -> TestExtension {
        basicConstraints(TestDER.true + (pathLength.map { TestDER.integer([$0]) } ?? []))
    }
    /// Bits from the top: 0x80 digitalSignature, 0x20 keyEncipherment, 0x08 keyAgreement, 0x04 keyCertSign, 0x02 cRLSign.
    static func keyUsage(_ bits: UInt8) -> TestExtension {
        TestExtension(
            identifier: [2, 5, 29, 15],
            critical: TestDER.true,
            value: TestDER.bits([bits], unused: UInt8(bits.trailingZeroBitCount))
        )
    }
    static func purposes(_ purposes: ASN1ObjectIdentifier...) -> TestExtension {
        TestExtension(
            identifier: [2, 5, 29, 37],
            value: TestDER.node(0x30, purposes.flatMap(TestDER.identifier))
        )
    }
    static let endorsement = purposes([2, 23, 133, 8, 1])
    static func alternativeNames(_ names: [UInt8]...) -> TestExtension {
        TestExtension(
            identifier: [2, 5, 29, 17],
            critical: TestDER.true,
            value: TestDER.node(0x30, names.flatMap { $0 })
        )
    }
    static func nameConstraints(permitted: [[UInt8]] = [], excluded: [[UInt8]] = []) -> TestExtension {
        func subtrees(_ tag: UInt8, _ bases: [[UInt8]]) -> [UInt8] {
            bases.isEmpty ? [] : TestDER.node(tag, bases.flatMap { TestDER.sequence($0) })
        }
        return TestExtension(
            identifier: [2, 5, 29, 30],
            critical: TestDER.true,
            value: TestDER.sequence(subtrees(0xA0, permitted), subtrees(0xA1, excluded))
        )
    }
    /// The three attributes of the TCG in one directory name.
    static func tpm(
        manufacturer: String = "id:53544D20",
        model: String = "ST33",
        version: String = "id:0102"
    ) -> [UInt8] {
        TestDER.node(
            0xA4,
            TestDER.name(
                ([2, 23, 133, 2, 1], manufacturer),
                ([2, 23, 133, 2, 2], model),
                ([2, 23, 133, 2, 3], version)
            )
        )
    }
}

/// A certificate in the parts it is written from.
struct TestCertificate: Sendable {
    var serialNumber: [UInt8] = [0x11, 0x22]
    var issuer = TestDER.name(common: "Test Vendor CA")
    var subject: [UInt8] = [0x30, 0x00]
    var notBefore: Int64 = 1_600_000_000
    var notAfter: Int64 = 1_900_000_000
    var keyInfo: [UInt8]
    var extensions: [TestExtension]
    /// When set, the algorithm inside the signed part, against the one outside.
    var innerAlgorithm: [UInt8]?
    var version: [UInt8] = TestDER.node(0xA0, TestDER.integer([2]))

    func signed(by key: TestKey) -> [UInt8] {
        let toBeSigned = TestDER.sequence(
            version,
            TestDER.integer(serialNumber),
            innerAlgorithm ?? key.algorithm,
            issuer,
            TestDER.sequence(TestDER.time(notBefore), TestDER.time(notAfter)),
            subject,
            keyInfo,
            TestDER.node(0xA3, TestDER.node(0x30, extensions.flatMap(\.encoded)))
        )
        return TestDER.sequence(toBeSigned, key.algorithm, TestDER.bits(key.sign(toBeSigned)))
    }

    /// An EK certificate as it should be, for a P-256 key.
    static func ek(_ key: P256.Signing.PublicKey) -> TestCertificate {
        TestCertificate(
            keyInfo: Array(key.derRepresentation),
            extensions: [.notAuthority, .keyUsage(0x08), .endorsement, .alternativeNames(TestExtension.tpm())]
        )
    }

    /// A CA certificate as it should be.
    static func authority(_ name: String, issuer: String, key: TestKey, pathLength: UInt8? = nil) -> TestCertificate {
        TestCertificate(
            serialNumber: Array(SHA256.hash(data: Array(name.utf8)).prefix(8).map { $0 & 0x7F | 1 }),
            issuer: TestDER.name(common: issuer),
            subject: TestDER.name(common: name),
            keyInfo: key.info,
            extensions: [.authority(pathLength: pathLength), .keyUsage(0x06)]
        )
    }
}
