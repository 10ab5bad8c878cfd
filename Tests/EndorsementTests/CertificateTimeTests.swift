import SwiftASN1
import Testing

@testable import Endorsement

/// Times as certificates write them (RFC 5280, section 4.1.2.5).
@Suite struct CertificateTimeTests {
    private static let utc: UInt8 = 0x17
    private static let generalized: UInt8 = 0x18

    private func read(_ tag: UInt8, _ text: String) throws -> Int64 {
        try CertificateTime.read(ASN1Node.parse(TestDER.node(tag, Array(text.utf8))[...], "time"))
    }

    @Test(
        arguments: [
            (utc, "700101000000Z", 0), (utc, "491231235959Z", 2_524_607_999), (utc, "500101000000Z", -631_152_000),
            (utc, "691231235959Z", -1), (utc, "000229120000Z", 951_825_600),
            (generalized, "20500101000000Z", 2_524_608_000), (generalized, "20491231235959Z", 2_524_607_999),
            (generalized, "20000229000000Z", 951_782_400), (generalized, "21000301000000Z", 4_107_542_400),
            (generalized, "99991231235959Z", 253_402_300_799),
        ] as [(UInt8, String, Int64)]
    )
    func isRead(tag: UInt8, text: String, seconds: Int64) throws {
        #expect(try read(tag, text) == seconds)
    }

    @Test(
        arguments: [
            // No seconds, an offset, fractions, no zone: DER has one form of each.
            (utc, "7001010000Z"), (utc, "700101000000+0100"), (utc, "700101000000"), (generalized, "20500101000000.5Z"),
            (generalized, "20500101000000"), (generalized, "205001010000Z"), (generalized, "20500101000000+0000"),
            (generalized, "20500101000000,5Z"),
            // No such day or hour.
            (utc, "700230000000Z"), (utc, "700431000000Z"), (utc, "701301000000Z"), (utc, "700001000000Z"),
            (utc, "700100000000Z"), (utc, "700101240000Z"), (utc, "700101006000Z"), (utc, "700101000061Z"),
            (generalized, "19000229000000Z"), (generalized, "21000229000000Z"), (generalized, "20510229000000Z"),
            // No time at all, and a third type.
            (utc, ""), (utc, "x00101000000Z"), (generalized, "-0010101000000Z"), (0x0C, "700101000000Z"),
        ] as [(UInt8, String)]
    )
    func isRefused(tag: UInt8, text: String) {
        #expect(throws: CertificateError.self) { try read(tag, text) }
    }

    @Test func textIsTheInverse() throws {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0), ("2000-02-29T12:00:00Z", 951_825_600),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
            ("1950-01-01T00:00:00Z", -631_152_000),
        ] as [(String, Int64)] { #expect(CertificateTime.text(seconds) == text) }
        #expect(CertificateTime.text(.max) == "9999-12-31T23:59:59Z")
    }

    @Test func theYear9999IsADateLikeAnother() throws {
        let vendor = try TestVendor { $0.notAfter = 253_402_300_799 }
        let ek = try vendor.ek { $0.notAfter = 253_402_300_799 }
        #expect(vendor.judge(ek, at: 253_402_300_799).codes == [])
        #expect(vendor.judge(ek, at: 253_402_300_800).codes == ["expired", "expired"])
        #expect(vendor.judge(ek, at: .max).codes == ["expired", "expired"])
        #expect(vendor.judge(ek, at: .min).codes == ["not-yet-valid", "not-yet-valid"])
    }
}
