import Endorsement
import SwiftASN1
import Testing

@Suite struct RevocationTests {
    let vendor: TestVendor

    init() throws { vendor = try TestVendor() }
    init(_ vendor: TestVendor) { self.vendor = vendor }

    /// A list of the vendor's, in the parts it is written from.
    func list(
        revoked: [[UInt8]] = [],
        issuer: String = "Test Vendor CA",
        by key: TestKey? = nil,
        thisUpdate: Int64 = 1_690_000_000,
        nextUpdate: Int64? = 1_710_000_000,
        version: [UInt8] = TestDER.integer([1]),
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
            version,
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

    /// Delta list, distribution point, and an entry by another issuer (RFC 5280, 5.2.4, 5.2.5, 5.3.3); critical by the
    /// standard, and no less partial when somebody forgets to say so.
    @Test(arguments: [TestDER.true, []]) func partialListsAreRefused(critical: [UInt8]) throws {
        for identifier in [[2, 5, 29, 27], [2, 5, 29, 28]] as [ASN1ObjectIdentifier] {
            let odd = TestExtension(identifier: identifier, critical: critical, value: TestDER.integer([1]))
            #expect(throws: CertificateError.self) { try CertificateRevocationList(der: list(extensions: [odd])) }
        }
        let indirect = TestExtension(identifier: [2, 5, 29, 29], critical: critical, value: TestDER.null)
        #expect(throws: CertificateError.self) {
            try CertificateRevocationList(der: list(revoked: [[9]], entryExtensions: [indirect]))
        }
    }

    @Test func extensionsAreUnderstoodOrHarmless() throws {
        let number = TestExtension(identifier: [2, 5, 29, 20], value: TestDER.integer([7]))
        let unknown = TestExtension(
            identifier: [1, 3, 6, 1, 4, 1, 99999, 1],
            critical: TestDER.true,
            value: TestDER.null
        )
        #expect(throws: Never.self) { try CertificateRevocationList(der: list(extensions: [number])) }
        #expect(throws: CertificateError.self) { try CertificateRevocationList(der: list(extensions: [unknown])) }
        #expect(throws: CertificateError.self) {
            try CertificateRevocationList(der: list(extensions: [number, number]))
        }
        #expect(throws: CertificateError.self) {
            try CertificateRevocationList(der: list(revoked: [[9]], entryExtensions: [unknown]))
        }
        // Version 1 has none.
        #expect(throws: Never.self) { try CertificateRevocationList(der: list(version: [])) }
        #expect(throws: CertificateError.self) {
            try CertificateRevocationList(der: list(version: [], extensions: [number]))
        }
        #expect(throws: CertificateError.self) {
            try CertificateRevocationList(der: list(version: TestDER.integer([2])))
        }
    }

    /// Each extension is compared with those before it: thousands of them would hold up whoever reads the list.
    @Test func aListWithoutEndOfExtensionsIsRefused() {
        func extensions(_ count: UInt) -> [TestExtension] {
            (0..<count).map { TestExtension(identifier: [1, 3, 6, 1, 4, 1, 99999, $0], value: TestDER.null) }
        }
        #expect(throws: Never.self) { try CertificateRevocationList(der: list(extensions: extensions(32))) }
        #expect(throws: CertificateError.malformed(field: "crlExtensions")) {
            try CertificateRevocationList(der: list(extensions: extensions(33)))
        }
        #expect(throws: CertificateError.malformed(field: "crlEntryExtensions")) {
            try CertificateRevocationList(der: list(revoked: [[9]], entryExtensions: extensions(33)))
        }
    }

    @Test func everyReasonOfACompleteListRevokes() throws {
        func reason(_ code: UInt8, tag: UInt8 = 0x0A) -> [UInt8] {
            let reason = TestExtension(identifier: [2, 5, 29, 21], value: TestDER.node(tag, [code]))
            return list(revoked: [[0x11, 0x22]], entryExtensions: [reason])
        }
        // keyCompromise, cACompromise and even certificateHold.
        for code in [0, 1, 2, 3, 4, 5, 6, 9, 10] as [UInt8] { #expect(try judge(reason(code)) == ["revoked"]) }
        // removeFromCRL would clear the certificate, and is for delta lists; 7 and 11 are nothing.
        for code in [7, 8, 11, 0x80] as [UInt8] {
            #expect(throws: CertificateError.self) { try CertificateRevocationList(der: reason(code)) }
        }
        #expect(throws: CertificateError.self) { try CertificateRevocationList(der: reason(1, tag: 0x02)) }
    }

    @Test func aListThatEndsBeforeItBeginsIsRefused() {
        #expect(throws: CertificateError.self) {
            try CertificateRevocationList(der: list(thisUpdate: 1_700_000_000, nextUpdate: 1_699_999_999))
        }
    }

    @Test func aListMadeAfterBirthIsAsGood() throws {
        #expect(try judge(list(thisUpdate: 1_710_000_000, nextUpdate: 1_720_000_000)) == [])
        #expect(
            try judge(list(revoked: [[0x11, 0x22]], thisUpdate: 1_710_000_000, nextUpdate: 1_720_000_000)) == [
                "revoked"
            ]
        )
    }

    @Test func aCAThatChangedItsKeyIsNotJudgedByTheOtherKeysList() throws {
        func stating(_ identifier: UInt8, by key: TestKey) throws -> CertificateRevocationList {
            let state = TestExtension(
                identifier: [2, 5, 29, 35],
                value: TestDER.sequence(TestDER.node(0x80, [identifier]))
            )
            return try CertificateRevocationList(der: list(revoked: [[0x11, 0x22]], by: key, extensions: [state]))
        }
        let own = TestExtension(identifier: [2, 5, 29, 14], value: TestDER.octets([1]))
        let vendor = try TestVendor { $0.extensions.append(own) }
        #expect(vendor.judge(try vendor.ek(), lists: [try stating(2, by: TestKey.p256())]).codes == [])
        #expect(
            vendor.judge(try vendor.ek(), lists: [try stating(2, by: TestKey.p256())], requiringLists: true).codes
                == ["revocation-list-missing"]
        )
        #expect(vendor.judge(try vendor.ek(), lists: [try stating(1, by: vendor.rootKey)]).codes == ["revoked"])
        #expect(
            vendor.judge(try vendor.ek(), lists: [try stating(1, by: TestKey.p256())]).codes == [
                "revocation-list-invalid"
            ]
        )
    }

    /// Whom a CA lets sign its lists is nothing to us: only its own key clears its certificates.
    @Test func aDelegateOfTheIssuerSignsNoList() throws {
        let delegate = TestKey.p256()
        var certificate = TestCertificate.authority("Test Vendor CA", issuer: "Test Vendor CA", key: delegate)
        certificate.extensions = [.notAuthority, .keyUsage(0x02)]
        let signer = try ParsedCertificate(der: certificate.signed(by: vendor.rootKey))
        let list = try CertificateRevocationList(der: list(by: delegate))
        #expect(vendor.judge(try vendor.ek(), through: [signer], lists: [list]).codes == ["revocation-list-invalid"])
    }

    @Test func anIntermediateIsRevokedByTheCAAboveIt() throws {
        let chain = try vendor.chain([{ _ in }])
        let serial = try #require(chain.authorities.first?.serialNumber)
        let list = try CertificateRevocationList(der: list(revoked: [serial]))
        #expect(vendor.judge(chain.ek, through: chain.authorities, lists: [list]).codes == ["revoked"])
    }

    @Test func whereListsAreRequiredEveryIssuerHasOne() throws {
        #expect(vendor.judge(try vendor.ek(), requiringLists: true).codes == ["revocation-list-missing"])
        let present = try CertificateRevocationList(der: list())
        #expect(vendor.judge(try vendor.ek(), lists: [present], requiringLists: true).codes == [])
        let stale = try CertificateRevocationList(der: list(nextUpdate: 1_699_999_999))
        #expect(
            vendor.judge(try vendor.ek(), lists: [stale], requiringLists: true).codes == ["revocation-list-expired"]
        )
        // The root's list says nothing of what the intermediate issued.
        let chain = try vendor.chain([{ _ in }])
        #expect(
            vendor.judge(chain.ek, through: chain.authorities, lists: [present], requiringLists: true).reasons
                == [.revocationListMissing(issuer: "CN=Level 1")]
        )
    }

    @Test func truncatedAnywhereIsRefused() {
        let der = list(revoked: [[0x11, 0x22]])
        for length in 0..<der.count {
            #expect(throws: CertificateError.self) { try CertificateRevocationList(der: Array(der.prefix(length))) }
        }
        #expect(throws: CertificateError.self) { try CertificateRevocationList(der: der + [0]) }
    }
}
