import Endorsement
import SeededRandom
import Testing

@Suite struct EKCertificateTests {
    let vendor: TestVendor
    let der: [UInt8]

    init() throws {
        vendor = try TestVendor()
        der = vendor.ekDER()
    }

    private func header(_ size: Int) -> [UInt8] {
        [0x10, 0x01, 0x00, UInt8(size >> 8), UInt8(size & 0xFF), 0x10, 0x02]
    }

    @Test func readsBareDER() throws {
        let ek = try EKCertificate(fromNV: der)
        #expect(ek.certificate.bytes == der)
        #expect(ek.workarounds.isEmpty)
        #expect(ek.tpm?.manufacturer == 0x5354_4D20)
        #expect(ek.tpm?.manufacturerText == "STM")
        #expect(ek.tpm?.model == "ST33")
        #expect(ek.tpm?.version == "0102")
    }

    @Test func cutsHeaderAndPaddingOnTheRecord() throws {
        let padded = try EKCertificate(fromNV: der + [UInt8](repeating: 0xFF, count: 430))
        #expect(padded.certificate.bytes == der)
        #expect(padded.workarounds == [.nvPadding])
        let zeros = try EKCertificate(fromNV: der + [UInt8](repeating: 0x00, count: 3))
        #expect(zeros.certificate == padded.certificate)
        let both = try EKCertificate(fromNV: header(der.count + 2) + der + [0x00, 0xFF])
        #expect(both.certificate.bytes == der)
        #expect(both.workarounds == [.nvHeader, .nvPadding])
    }

    @Test(arguments: [[], [0x00], [0xFF, 0xFF], [UInt8](repeating: 0, count: 1024)])
    func anUnwrittenIndexHoldsNoCertificate(_ bytes: [UInt8]) {
        #expect(throws: CertificateError.empty) { try EKCertificate(fromNV: bytes) }
    }

    @Test(arguments: [-3, -1, 1, 2, 200])
    func aHeaderThatLiesAboutTheSizeIsRefused(_ lie: Int) {
        #expect(throws: CertificateError.badNVHeader) { try EKCertificate(fromNV: header(der.count + 2 + lie) + der) }
    }

    @Test func aHeaderOfAnotherTypeIsRefused() {
        for index in [2, 5, 6] {
            var bytes = header(der.count + 2) + der
            bytes[index] ^= 0x01
            #expect(throws: CertificateError.badNVHeader) { try EKCertificate(fromNV: bytes) }
        }
    }

    @Test func attack03_trailingByteAfterCertificate() {
        #expect(throws: CertificateError.trailingBytes(count: 1)) { try EKCertificate(fromNV: der + [0x01]) }
        #expect(throws: CertificateError.trailingBytes(count: 3)) {
            try EKCertificate(fromNV: der + [0x00, 0x30, 0xFF])
        }
    }

    @Test func truncatedAnywhereIsRefused() {
        for length in 0..<der.count {
            #expect(throws: CertificateError.self) { try EKCertificate(fromNV: Array(der.prefix(length))) }
        }
    }

    @Test func moreThanAnIndexCanHoldIsRefused() {
        let bytes = der + [UInt8](repeating: 0, count: 65_536 - der.count)
        #expect(throws: CertificateError.tooLarge(bytes: 65_536, limit: 65_535)) { try EKCertificate(fromNV: bytes) }
        let long = TestDER.node(0x30, [UInt8](repeating: 0x05, count: 17_000))
        #expect(throws: CertificateError.tooLarge(bytes: 17_004, limit: 16_384)) { try EKCertificate(fromNV: long) }
    }

    /// Every changed byte is refused, in reading or in judging; none is accepted as it was, and none traps.
    @Test func noByteCanBeChanged() throws {
        for index in der.indices {
            var bytes = der
            bytes[index] ^= 0x40
            guard let ek = try? EKCertificate(fromNV: bytes) else { continue }
            let verdict = vendor.judge(ek)
            #expect(verdict.facts == nil, "byte \(index)")
        }
    }

    @Test func randomBytesNeverTrap() {
        var generator = SplitMix64(seed: 0x5EED)
        for _ in 0..<20_000 {
            var bytes = der
            for _ in 0...Int(generator.next() % 6) {
                let index = Int(generator.next() % UInt64(bytes.count))
                switch generator.next() % 3 {
                case 0: bytes[index] = UInt8(truncatingIfNeeded: generator.next())
                case 1: bytes.remove(at: index)
                default: bytes.insert(UInt8(truncatingIfNeeded: generator.next()), at: index)
                }
            }
            _ = try? EKCertificate(fromNV: bytes)
        }
    }

    @Test(arguments: ["id:5354", "53544D20", "id:53544D2G", "id:", "id:53544D2000"])
    func aVendorIdIsEightHexadecimalDigits(_ manufacturer: String) throws {
        let ek = try vendor.ek { $0.extensions[3] = .alternativeNames(TestExtension.tpm(manufacturer: manufacturer)) }
        #expect(ek.tpm == nil)
        #expect(vendor.judge(ek).codes == ["tpm-not-named"])
    }

    @Test func aModelIsShortPrintableASCII() throws {
        for model in ["", "ST33\n2026-01-01 accepted", "ＳＴ", String(repeating: "x", count: 65)] {
            let ek = try vendor.ek { $0.extensions[3] = .alternativeNames(TestExtension.tpm(model: model)) }
            #expect(ek.tpm == nil)
        }
    }

    @Test func twoTPMsInOneCertificateAreNone() throws {
        let ek = try vendor.ek {
            $0.extensions[3] = .alternativeNames(TestExtension.tpm(), TestExtension.tpm(model: "other"))
        }
        #expect(ek.tpm == nil)
    }
}
