import Endorsement
import SwiftASN1
import Testing

@Suite struct RevocationTests {
    let vendor: TestVendor

    init() throws { vendor = try TestVendor() }

    /// A list of the vendor's, in the parts it is written from.
    private func list(
        revoked: [[UInt8]] = [],
        issuer: String = "Test Vendor CA",
        by key: TestKey? = nil,
        thisUpdate: Int64 = 1_690_000_000,
        nextUpdate: Int64? = 1_710_000_000,
        extensions: [TestExtension] = [],
        entryExtensions: [TestExtension] = []
    ) -> [UInt8] {
        let key = key ?? vendor.rootKey
        let entries = revoked.flatMap { serial in
            TestDER.sequence(
                TestDER.integer(serial),
                TestDER.time(1_680_000_000),
                entryExtensions.isEmpty ? [] : TestDER.node(0x30, entryExtensions.flatMap(\.encoded))
            )
        }
        let toBeSigned = TestDER.sequence(
            TestDER.integer([1]),
            key.algorithm,
            TestDER.name(common: issuer),
            TestDER.time(thisUpdate),
            nextUpdate.map(TestDER.time) ?? [],
            entries.isEmpty ? [] : TestDER.node(0x30, entries),
            extensions.isEmpty ? [] : TestDER.node(0xA0, TestDER.node(0x30, extensions.flatMap(\.encoded)))
        )
        return TestDER.sequence(toBeSigned, key.algorithm, TestDER.bits(key.sign(toBeSigned)))
    }

    private func judge(_ der: [UInt8], at date: Int64 = TestVendor.date) throws -> [String] {
        vendor.judge(try vendor.ek(), lists: [try CertificateRevocationList(der: der)], at: date).codes
    }

    @Test func aListedCertificateIsRevokedAndAnotherIsNot() throws {
        #expect(try judge(list(revoked: [[9], [0x11, 0x22]])) == ["revoked"])
        #expect(try judge(list(revoked: [[9], [0x11]])) == [])
        #expect(try judge(list()) == [])
    }

    @Test func revocationCountsForBirthsBeforeItToo() throws {
        #expect(try judge(list(revoked: [[0x11, 0x22]]), at: 1_610_000_000) == ["revoked"])
    }

    @Test func aListPastItsNextUpdateSaysNothing() throws {
        #expect(try judge(list(nextUpdate: 1_699_999_999)) == ["revocation-list-expired"])
        #expect(try judge(list(nextUpdate: nil)) == [])
        // Beside a present one the old one does no harm, and still revokes.
        let old = try CertificateRevocationList(der: list(revoked: [[0x11, 0x22]], nextUpdate: 1_699_999_999))
        let present = try CertificateRevocationList(der: list())
        #expect(vendor.judge(try vendor.ek(), lists: [old, present]).codes == ["revoked"])
    }

    @Test func aForgedListRefusesRatherThanClears() throws {
        #expect(try judge(list(by: TestKey.p256())) == ["revocation-list-invalid"])
        var der = list(revoked: [[0x11, 0x22]])
        der[der.count - 1] ^= 0x01
        #expect(try judge(der) == ["revocation-list-invalid"])
    }

    @Test func aListOfAnotherIssuerIsNotAsked() throws {
        #expect(try judge(list(revoked: [[0x11, 0x22]], issuer: "Other", by: TestKey.p256())) == [])
    }

    @Test func anIssuerThatMayNotSignListsHasSignedNone() throws {
        let vendor = try TestVendor { $0.extensions[1] = .keyUsage(0x04) }
        let list = try CertificateRevocationList(der: list(by: vendor.rootKey))
        #expect(vendor.judge(try vendor.ek(), lists: [list]).codes == ["revocation-list-invalid"])
    }

    @Test func partialListsAreRefused() throws {
        // Delta list, issuing distribution point, and an entry by another issuer (RFC 5280, 5.2.4, 5.2.5, 5.3.3).
        for identifier in [[2, 5, 29, 27], [2, 5, 29, 28]] as [ASN1ObjectIdentifier] {
            let odd = TestExtension(identifier: identifier, critical: TestDER.true, value: TestDER.integer([1]))
            #expect(throws: CertificateError.self) { try CertificateRevocationList(der: list(extensions: [odd])) }
        }
        let indirect = TestExtension(identifier: [2, 5, 29, 29], critical: TestDER.true, value: TestDER.null)
        #expect(throws: CertificateError.self) {
            try CertificateRevocationList(der: list(revoked: [[9]], entryExtensions: [indirect]))
        }
        let number = TestExtension(identifier: [2, 5, 29, 20], value: TestDER.integer([7]))
        #expect(throws: Never.self) { try CertificateRevocationList(der: list(extensions: [number])) }
    }

    @Test func truncatedAnywhereIsRefused() {
        let der = list(revoked: [[0x11, 0x22]])
        for length in 0..<der.count {
            #expect(throws: CertificateError.self) { try CertificateRevocationList(der: Array(der.prefix(length))) }
        }
        #expect(throws: CertificateError.self) { try CertificateRevocationList(der: der + [0]) }
    }
}
