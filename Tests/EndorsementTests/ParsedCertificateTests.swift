import Crypto
import CryptoExtras
import Endorsement
import SwiftASN1
import Testing

@Suite struct ParsedCertificateTests {
    let vendor: TestVendor

    init() throws { vendor = try TestVendor() }

    @Test func readsTheYear9999() throws {
        let ek = try vendor.ek { $0.notAfter = CertificateAuthority.never }
        #expect(ek.certificate.notAfter == 253_402_300_799)
        #expect(vendor.judge(ek, at: 4_000_000_000).codes == ["expired"])  // the root; not the EK certificate
        #expect(vendor.judge(ek, at: 4_000_000_000).reasons.first?.description.contains("Test Vendor CA") == true)
    }

    @Test(
        arguments: [
            (-2_208_988_800, "1900-01-01T00:00:00Z"), (951_782_400, "2000-02-29T00:00:00Z"),
            (1_700_000_000, "2023-11-14T22:13:20Z"), (253_402_300_799, "9999-12-31T23:59:59Z"),
        ] as [(Int64, String)]
    )
    func timesReadAndPrint(_ seconds: Int64, _ text: String) throws {
        // Written as GeneralizedTime and judged: the message shows it back.
        let time = TestDER.node(0x18, Array((text.filter(\.isNumber) + "Z").utf8))
        let ek = try EKCertificate(
            fromNV: TestCertificate.ek(vendor.ekKey.publicKey).signed(by: vendor.rootKey, notAfter: time)
        )
        #expect(ek.certificate.notAfter == seconds)
        let reason = vendor.judge(ek, at: max(seconds + 1, TestVendor.date)).reasons.first { $0.code == "expired" }
        #expect(reason?.description.hasSuffix("at \(text)") == true)
    }

    @Test(arguments: [
        "20230230000000Z", "20231301000000Z", "20230101000000+0100", "202301010000Z", "20230101000000.5Z",
    ])
    func badTimesAreRefused(_ text: String) {
        let der = TestCertificate.ek(vendor.ekKey.publicKey)
            .signed(by: vendor.rootKey, notAfter: TestDER.node(0x18, Array(text.utf8)))
        #expect(throws: CertificateError.malformed(field: "time")) { try EKCertificate(fromNV: der) }
    }

    @Test func onlyVersion3() {
        for version in [[], TestDER.node(0xA0, TestDER.integer([1])), TestDER.node(0xA0, TestDER.integer([3]))] {
            let der = vendor.ekDER { $0.version = version }
            #expect(throws: CertificateError.self) { try EKCertificate(fromNV: der) }
        }
    }

    @Test func innerAndOuterAlgorithmMustAgree() {
        let der = vendor.ekDER {
            $0.innerAlgorithm = TestDER.sequence(TestDER.identifier([1, 2, 840, 10045, 4, 3, 3]))
        }
        #expect(throws: CertificateError.malformed(field: "signature algorithm: outer and inner differ")) {
            try EKCertificate(fromNV: der)
        }
    }

    @Test func serialNumbersAreOneTo20Bytes() throws {
        #expect(
            try vendor.ek { $0.serialNumber = [UInt8](repeating: 0xFF, count: 20) }.certificate.serialNumber.count == 20
        )
        #expect(throws: CertificateError.self) { try vendor.ek { $0.serialNumber = [UInt8](repeating: 1, count: 21) } }
        #expect(throws: CertificateError.self) { try vendor.ek { $0.serialNumber = [0] } }
    }

    @Test func anExtensionThatStandsTwiceIsRefused() {
        #expect(throws: CertificateError.self) { try vendor.ek { $0.extensions.append($0.extensions[0]) } }
    }

    @Test func anAttributeThatStandsTwiceSaysNothing() throws {
        let names = TestDER.node(
            0xA4,
            TestDER.name(
                ([2, 23, 133, 2, 1], "id:53544D20"),
                ([2, 23, 133, 2, 1], "id:49465800"),
                ([2, 23, 133, 2, 2], "ST33"),
                ([2, 23, 133, 2, 3], "id:01")
            )
        )
        #expect(try vendor.ek { $0.extensions[3] = .alternativeNames(names) }.tpm == nil)
    }

    @Test func weakAndOddKeysAreRefused() throws {
        let weak = try _RSA.Signing.PrivateKey(unsafeKeySize: .init(bitCount: 1024))
        let rsa = try #require(TestKey.sharedRSA).publicKey.getKeyPrimitives()
        func info(_ modulus: [UInt8], _ exponent: [UInt8]) -> [UInt8] {
            TestDER.sequence(
                TestDER.sequence(TestDER.identifier([1, 2, 840, 113549, 1, 1, 1]), TestDER.null),
                TestDER.bits(TestDER.sequence(TestDER.integer(modulus), TestDER.integer(exponent)))
            )
        }
        var even = Array(rsa.modulus)
        even[even.count - 1] &= 0xFE
        let infos = [
            Array(weak.publicKey.derRepresentation), info(Array(rsa.modulus), [3]), info(Array(rsa.modulus), [1]),
            info(even, [1, 0, 1]), info(Array(rsa.modulus).dropLast(1) + [], [1, 0, 1]),
        ]
        for bad in infos {
            #expect(throws: CertificateError.self) { try vendor.ek { $0.keyInfo = bad } }
        }
    }

    @Test func pointsMustLieOnTheirCurve() {
        var info = Array(vendor.ekKey.publicKey.derRepresentation)
        info[info.count - 1] ^= 0x01
        #expect(throws: CertificateError.self) {
            try vendor.ek { $0.keyInfo = info }
        }
    }

    @Test func rsaPSSSignaturesAreVerified() throws {
        let rsa = try #require(TestKey.sharedRSA)
        let key = TestKey.pss(rsa)
        let root = TestCertificate.authority("Test Vendor CA", issuer: "Test Vendor CA", key: key).signed(by: key)
        let policy = EndorsementPolicy(anchors: TrustAnchors([try ParsedCertificate(der: root)]))
        #expect(policy.anchors.roots.count == 1)
        let der = TestCertificate.ek(vendor.ekKey.publicKey).signed(by: key)
        #expect(policy.judge(try EKCertificate(fromNV: der), for: nil, at: TestVendor.date).facts?.workarounds == [])
    }

    @Test func otherPSSParametersAreRefused() throws {
        let rsa = try #require(TestKey.sharedRSA)
        for key in [TestKey.pss(rsa, salt: 20), TestKey.pss(rsa, mask: [2, 16, 840, 1, 101, 3, 4, 2, 2])] {
            #expect(throws: CertificateError.self) {
                try ParsedCertificate(der: TestCertificate.ek(vendor.ekKey.publicKey).signed(by: key))
            }
        }
    }

    @Test func hostileNamesCannotForgeLogLines() throws {
        let ek = try vendor.ek { $0.issuer = TestDER.name(common: "x\n2026-01-01 accepted\u{202E}") }
        let text = ek.certificate.issuer.description
        #expect(text == "CN=x\\u{a}2026-01-01 accepted\\u{202e}")
    }
}

extension TestCertificate {
    /// The same with notAfter as these bytes.
    func signed(by key: TestKey, notAfter: [UInt8]) -> [UInt8] {
        let toBeSigned = TestDER.sequence(
            version,
            TestDER.integer(serialNumber),
            key.algorithm,
            issuer,
            TestDER.sequence(TestDER.time(notBefore), notAfter),
            subject,
            keyInfo,
            TestDER.node(0xA3, TestDER.node(0x30, extensions.flatMap(\.encoded)))
        )
        return TestDER.sequence(toBeSigned, key.algorithm, TestDER.bits(key.sign(toBeSigned)))
    }
}
