import Crypto
import CryptoExtras
import Endorsement
import SwiftASN1
import TPMCrypto
import Testing

/// Each workaround is needed, on the record, off when not allowed, and never weakens the signature check.
@Suite struct WorkaroundTests {
    let vendor: TestVendor

    init() throws { vendor = try TestVendor() }

    private func expect(_ workaround: Workaround, _ der: [UInt8], at vendor: TestVendor) throws {
        #expect(throws: CertificateError.needsWorkaround(workaround)) {
            try EKCertificate(fromNV: der, allowing: Workaround.all.subtracting([workaround]))
        }
        let ek = try EKCertificate(fromNV: der)
        #expect(ek.workarounds.contains(workaround))
        #expect(vendor.judge(ek).facts?.workarounds == [workaround])

        var forged = der
        forged[forged.count - 1] ^= 0x01
        #expect(vendor.judge(try EKCertificate(fromNV: forged)).codes == ["signature-invalid"])
    }

    @Test func unorderedSet() throws {
        let two = TestDER.node(
            0x31,
            TestDER.attribute([2, 23, 133, 2, 3], "id:0102") + TestDER.attribute([2, 23, 133, 2, 1], "id:53544D20")
                + TestDER.attribute([2, 23, 133, 2, 2], "ST33")
        )
        let der = vendor.ekDER { $0.extensions[3] = .alternativeNames(TestDER.node(0xA4, TestDER.node(0x30, two))) }
        try expect(.unorderedSet, der, at: vendor)
    }

    @Test func encodedDefaultInBasicConstraints() throws {
        try expect(.encodedDefault, vendor.ekDER { $0.extensions[0] = .basicConstraints(TestDER.false) }, at: vendor)
    }

    @Test func encodedDefaultOfCritical() throws {
        try expect(.encodedDefault, vendor.ekDER { $0.extensions[2].critical = TestDER.false }, at: vendor)
    }

    @Test func rsaesOAEPKeyIsReadAsRSAAndItsCertificateVerifiedAsItCame() throws {
        let rsa = try #require(TestKey.sharedRSA)
        let primitives = try rsa.publicKey.getKeyPrimitives()
        let key = TestDER.sequence(
            TestDER.integer(Array(primitives.modulus)),
            TestDER.integer(Array(primitives.publicExponent))
        )
        let info = TestDER.sequence(
            TestDER.sequence(TestDER.identifier([1, 2, 840, 113549, 1, 1, 7]), [0x30, 0x00]),
            TestDER.bits(key)
        )
        let der = vendor.ekDER {
            $0.keyInfo = info
            $0.extensions[1] = .keyUsage(0x20)
        }
        let ek = try EKCertificate(fromNV: der)
        #expect(ek.workarounds == [.rsaesOAEPKey])
        #expect(ek.certificate.subjectKey.numbers == .rsa(modulus: Array(primitives.modulus)))
        let policy = EndorsementPolicy(anchors: TrustAnchors([vendor.root]))
        #expect(policy.judge(ek, for: ek.certificate.subjectKey, at: TestVendor.date).facts != nil)
        #expect(throws: CertificateError.needsWorkaround(.rsaesOAEPKey)) {
            try EKCertificate(fromNV: der, allowing: [])
        }
    }

    @Test func sha1Signature() throws {
        let key = TestKey.rsa(try #require(TestKey.sharedRSA), algorithm: [1, 2, 840, 113549, 1, 1, 5])
        let root = TestCertificate.authority("Test Vendor CA", issuer: "Test Vendor CA", key: key).signed(by: key)
        let anchors = TrustAnchors([try ParsedCertificate(der: root, allowing: Workaround.all)])
        let der = TestCertificate.ek(vendor.ekKey.publicKey).signed(by: key)
        let verdict = EndorsementPolicy(anchors: anchors)
            .judge(try EKCertificate(fromNV: der), for: try PublicKey(vendor.publicArea), at: TestVendor.date)
        #expect(verdict.facts?.workarounds == [.sha1Signature])
        #expect(throws: CertificateError.needsWorkaround(.sha1Signature)) { try ParsedCertificate(der: der) }
    }

    @Test func keyUsageAbsent() throws {
        let verdict = vendor.judge(try vendor.ek { $0.extensions.remove(at: 1) })
        #expect(verdict.facts?.workarounds == [.keyUsageAbsent])
    }

    @Test func purposeFromIssuerOnlyFromACALimitedToEndorsement() throws {
        let limited = try TestVendor { $0.extensions.append(.endorsement) }
        let change: (inout TestCertificate) -> Void = { $0.extensions.removeLast(2) }
        #expect(limited.judge(try limited.ek(change)).facts?.workarounds == [.purposeFromIssuer])
        #expect(vendor.judge(try vendor.ek(change)).codes == ["purpose-missing", "tpm-not-named"])
        // With a name but no purpose it is not this case.
        #expect(limited.judge(try limited.ek { $0.extensions.remove(at: 2) }).codes == ["purpose-missing"])
    }
}
