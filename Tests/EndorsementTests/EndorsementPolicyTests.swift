import Crypto
import Endorsement
import SwiftASN1
import TPMCrypto
import TPMWire
import Testing

@Suite struct EndorsementPolicyTests {
    let vendor: TestVendor

    init() throws { vendor = try TestVendor() }

    /// An intermediate CA below the vendor's root, and an EK certificate it has issued.
    private func chain(
        _ change: (inout TestCertificate) -> Void = { _ in },
        ek: (inout TestCertificate) -> Void = { _ in }
    ) throws -> (intermediate: ParsedCertificate, ek: EKCertificate) {
        let key = TestKey.p256()
        var authority = TestCertificate.authority("Level 2", issuer: "Test Vendor CA", key: key)
        change(&authority)
        var certificate = TestCertificate.ek(vendor.ekKey.publicKey)
        certificate.issuer = TestDER.name(common: "Level 2")
        ek(&certificate)
        return (
            try ParsedCertificate(der: authority.signed(by: vendor.rootKey)),
            try EKCertificate(fromNV: certificate.signed(by: key))
        )
    }

    @Test func acceptsAndSaysWhatItProves() throws {
        let ek = try vendor.ek()
        let facts = try #require(vendor.judge(ek).facts)
        guard case .certificate(let certificate) = facts.basis else { Issue.record("no certificate"); return }
        #expect(certificate.sha256 == Array(SHA256.hash(data: ek.certificate.bytes)))
        #expect(certificate.rootSHA256 == vendor.root.sha256)
        #expect(certificate.serialNumber == [0x11, 0x22])
        #expect(certificate.tpm?.model == "ST33")
        #expect(certificate.issuer == "CN=Test Vendor CA")
        #expect(try facts.subjectKey == PublicKey(vendor.publicArea))
        #expect(facts.workarounds.isEmpty)
    }

    @Test func pathsGoThroughIntermediatesFromAnywhere() throws {
        let (intermediate, ek) = try chain()
        #expect(vendor.judge(ek, through: [intermediate]).facts != nil)
        let both = EndorsementPolicy(anchors: TrustAnchors([intermediate, vendor.root, intermediate]))
        #expect(both.anchors.roots.count == 1 && both.anchors.intermediates.count == 1)
        #expect(both.judge(ek, for: nil, at: TestVendor.date).facts != nil)
    }

    @Test func withoutItsIssuerAPathEndsAndTheIssuerIsNamed() throws {
        let (intermediate, ek) = try chain()
        #expect(vendor.judge(ek).reasons.first == .issuerUnknown(issuer: "CN=Level 2"))
        // An intermediate alone is no root.
        let noRoot = EndorsementPolicy(anchors: TrustAnchors([intermediate]))
        #expect(
            noRoot.judge(ek, for: nil, at: TestVendor.date).reasons == [.issuerUnknown(issuer: "CN=Test Vendor CA")]
        )
    }

    @Test func anImpostorOfTheSameNameIsNotTheIssuer() throws {
        let impostor = try TestVendor()
        #expect(impostor.judge(try vendor.ek()).codes.first == "signature-invalid")
        // Both in the directory: the right one is found.
        let both = EndorsementPolicy(anchors: TrustAnchors([impostor.root, vendor.root]))
        #expect(both.judge(try vendor.ek(), for: nil, at: TestVendor.date).facts != nil)
    }

    @Test func aCertificateThatIsARootItselfIsNoEndorsement() throws {
        let key = TestKey.p256(vendor.ekKey)
        var certificate = TestCertificate.ek(vendor.ekKey.publicKey)
        certificate.issuer = TestDER.name(common: "self")
        certificate.subject = TestDER.name(common: "self")
        let der = certificate.signed(by: key)
        let anchors = TrustAnchors([try ParsedCertificate(der: der)])
        #expect(anchors.roots.count == 1)
        let verdict = EndorsementPolicy(anchors: anchors).judge(
            try EKCertificate(fromNV: der),
            for: nil,
            at: TestVendor.date
        )
        #expect(verdict.codes == ["issuer-unknown"])
    }

    @Test func attack33_ekCertificateForAnotherKey() throws {
        let other = try TestVendor()
        let policy = EndorsementPolicy(anchors: TrustAnchors([vendor.root]))
        let verdict = policy.judge(try vendor.ek(), for: try PublicKey(other.publicArea), at: TestVendor.date)
        #expect(verdict.reasons == [.keyDiffers])
    }

    @Test func attack34_caCertificateAsEK() throws {
        let authority = try vendor.ek { $0.extensions[0] = .authority() }
        #expect(vendor.judge(authority).reasons == [.isAuthority])
        let certSign = try vendor.ek { $0.extensions[1] = .keyUsage(0x0C) }
        #expect(vendor.judge(certSign).reasons == [.isAuthority])
        // As Azure's issuing CAs: the EK purpose on a CA below a trusted root.
        let issuing = try chain { $0.extensions.append(.endorsement) }.intermediate
        let verdict = EndorsementPolicy(anchors: TrustAnchors([vendor.root]))
            .judge(try EKCertificate(fromNV: issuing.bytes), for: nil, at: TestVendor.date)
        #expect(verdict.reasons.contains(.isAuthority))
    }

    @Test func attack35_expiredNowButValidAtBirth() throws {
        let ek = try vendor.ek { $0.notAfter = 1_650_000_000 }
        #expect(vendor.judge(ek, at: 1_640_000_000).facts != nil)
        #expect(vendor.judge(ek, at: 1_650_000_000).facts != nil)
        #expect(vendor.judge(ek, at: 1_650_000_001).codes == ["expired"])
        #expect(vendor.judge(ek, at: 1_599_999_999).codes == ["not-yet-valid", "not-yet-valid"])
    }

    @Test func theWholePathIsJudgedAtTheDate() throws {
        let (intermediate, ek) = try chain { $0.notAfter = 1_650_000_000 }
        #expect(vendor.judge(ek, through: [intermediate], at: 1_640_000_000).facts != nil)
        #expect(
            vendor.judge(ek, through: [intermediate], at: 1_660_000_000).reasons
                == [.expired(certificate: "certificate of CN=Level 2", since: 1_650_000_000)]
        )
    }

    @Test func purposeAndKeyUsageAreChecked() throws {
        #expect(vendor.judge(try vendor.ek { $0.extensions.remove(at: 2) }).codes == ["purpose-missing"])
        #expect(
            vendor.judge(try vendor.ek { $0.extensions[2] = .purposes([2, 23, 133, 8, 3]) }).codes == [
                "purpose-missing"
            ]
        )
        #expect(vendor.judge(try vendor.ek { $0.extensions[1] = .keyUsage(0x80) }).codes == ["key-usage-unsuitable"])
        // keyEncipherment is for RSA.
        #expect(vendor.judge(try vendor.ek { $0.extensions[1] = .keyUsage(0x20) }).codes == ["key-usage-unsuitable"])
        #expect(vendor.judge(try vendor.ek { $0.extensions.remove(at: 3) }).codes == ["tpm-not-named"])
    }

    @Test func unknownCriticalExtensionsRefuse() throws {
        let odd = TestExtension(identifier: [1, 3, 6, 1, 4, 1, 99999, 1], critical: TestDER.true, value: TestDER.null)
        #expect(
            vendor.judge(try vendor.ek { $0.extensions.append(odd) }).reasons.map(\.code) == [
                "critical-extension-unknown"
            ]
        )
        let (intermediate, ek) = try chain { $0.extensions.append(odd) }
        #expect(vendor.judge(ek, through: [intermediate]).codes == ["critical-extension-unknown"])
        var harmless = odd
        harmless.critical = []
        #expect(vendor.judge(try vendor.ek { $0.extensions.append(harmless) }).facts != nil)
    }

    @Test func issuersMustBeAuthorities() throws {
        let notAuthority = try chain { $0.extensions[0] = .notAuthority }
        #expect(vendor.judge(notAuthority.ek, through: [notAuthority.intermediate]).codes == ["issuer-not-authority"])
        let cannotSign = try chain { $0.extensions[1] = .keyUsage(0x80) }
        #expect(vendor.judge(cannotSign.ek, through: [cannotSign.intermediate]).codes == ["issuer-not-authority"])
        let nothing = try chain { $0.extensions.removeFirst() }
        #expect(vendor.judge(nothing.ek, through: [nothing.intermediate]).codes == ["issuer-not-authority"])
    }

    @Test func pathLengthBinds() throws {
        let short = try TestVendor { $0.extensions[0] = .authority(pathLength: 0) }
        #expect(short.judge(try short.ek()).facts != nil)
        let key = TestKey.p256()
        let level = TestCertificate.authority("Level 2", issuer: "Test Vendor CA", key: key).signed(by: short.rootKey)
        var certificate = TestCertificate.ek(short.ekKey.publicKey)
        certificate.issuer = TestDER.name(common: "Level 2")
        let ek = try EKCertificate(fromNV: certificate.signed(by: key))
        #expect(short.judge(ek, through: [try ParsedCertificate(der: level)]).codes == ["path-too-long"])
    }

    @Test func anIssuerLimitedToOtherPurposesMayNotEndorse() throws {
        let other = try chain { $0.extensions.append(.purposes([1, 3, 6, 1, 5, 5, 7, 3, 1])) }
        #expect(vendor.judge(other.ek, through: [other.intermediate]).codes == ["purpose-not-permitted"])
        let endorsing = try chain { $0.extensions.append(.endorsement) }
        #expect(vendor.judge(endorsing.ek, through: [endorsing.intermediate]).facts != nil)
    }

    @Test func nameConstraintsBindSubjectAndAlternativeNames() throws {
        let st = TestDER.node(0xA4, TestDER.name(([2, 23, 133, 2, 1], "id:53544D20")))
        let infineon = TestDER.node(0xA4, TestDER.name(([2, 23, 133, 2, 1], "id:49465800")))
        let dns = TestDER.node(0x82, Array("example.com".utf8))
        let permitted = try chain { $0.extensions.append(.nameConstraints(permitted: [st])) }
        #expect(vendor.judge(permitted.ek, through: [permitted.intermediate]).facts != nil)
        let other = try chain { $0.extensions.append(.nameConstraints(permitted: [infineon])) }
        #expect(vendor.judge(other.ek, through: [other.intermediate]).codes == ["name-not-permitted"])
        let excluded = try chain { $0.extensions.append(.nameConstraints(excluded: [st])) }
        #expect(vendor.judge(excluded.ek, through: [excluded.intermediate]).codes == ["name-not-permitted"])
        // A form that is not enforced refuses only those who have such a name.
        let dnsOnly = try chain { $0.extensions.append(.nameConstraints(permitted: [dns])) }
        #expect(vendor.judge(dnsOnly.ek, through: [dnsOnly.intermediate]).facts != nil)
        let withDNS = try chain({ $0.extensions.append(.nameConstraints(permitted: [dns])) }) {
            $0.extensions[3] = .alternativeNames(TestExtension.tpm(), dns)
        }
        #expect(vendor.judge(withDNS.ek, through: [withDNS.intermediate]).codes == ["name-not-permitted"])
    }

    @Test func exclusionsDoNotCareAboutCase() throws {
        let lower = TestDER.node(0xA4, TestDER.name(([2, 23, 133, 2, 1], "ID:53544d20")))
        let excluded = try chain { $0.extensions.append(.nameConstraints(excluded: [lower])) }
        #expect(vendor.judge(excluded.ek, through: [excluded.intermediate]).codes == ["name-not-permitted"])
    }

    /// Cross-certified CAs in a ring: the search ends, and without a root there is no path.
    @Test func aRingOfIssuersEnds() throws {
        var ring: [ParsedCertificate] = []
        let keys = (0..<6).map { _ in TestKey.p256() }
        for subject in keys.indices {
            for issuer in keys.indices where issuer != subject {
                let der = TestCertificate.authority("Ring \(subject)", issuer: "Ring \(issuer)", key: keys[subject])
                    .signed(by: keys[issuer])
                ring.append(try ParsedCertificate(der: der))
            }
        }
        var certificate = TestCertificate.ek(vendor.ekKey.publicKey)
        certificate.issuer = TestDER.name(common: "Ring 0")
        let ek = try EKCertificate(fromNV: certificate.signed(by: keys[0]))
        #expect(vendor.judge(ek, through: ring).facts == nil)
    }

    @Test func withoutACertificateOnlyTheAllowListTrusts() throws {
        let policy = EndorsementPolicy(anchors: TrustAnchors([vendor.root]))
        let digest = EKAllowList.digest(of: vendor.publicArea)
        let text =
            "# bench boards\n\n  \(digest.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined())  # no. 7\n"
        let list = try #require(EKAllowList(parsing: text))
        let accepted = policy.judge(uncertified: vendor.publicArea, allowed: list)
        #expect(accepted.facts?.basis == .allowList)
        #expect(try accepted.facts?.subjectKey == PublicKey(vendor.publicArea))
        #expect(policy.judge(uncertified: vendor.publicArea, allowed: EKAllowList()).codes == ["not-allowed"])
        let other = try TestVendor()
        #expect(policy.judge(uncertified: other.publicArea, allowed: list).codes == ["not-allowed"])
        for bad in ["zz", "00", String(repeating: "0", count: 66), "name: 00"] {
            #expect(EKAllowList(parsing: bad) == nil)
        }
    }

    @Test func aPublicAreaWithStrippedZerosIsTheSameKey() throws {
        var key = P256.Signing.PrivateKey()
        while key.publicKey.rawRepresentation.first != 0 { key = P256.Signing.PrivateKey() }
        let raw = Array(key.publicKey.rawRepresentation)
        var publicArea = TPMTPublic.storageKey(key.publicKey)
        let full = try PublicKey(publicArea)
        guard case .ecc(let detail, _) = publicArea.parameters else {
            Issue.record("the key is none on a curve")
            return
        }
        publicArea.parameters = .ecc(detail, unique: TPMSECCPoint(x: Array(raw[1..<32]), y: Array(raw.suffix(32))))
        #expect(try PublicKey(publicArea) == full)
        publicArea.parameters = .ecc(detail, unique: TPMSECCPoint(x: raw + [0], y: raw))
        #expect(throws: TPMCryptoError.self) { try PublicKey(publicArea) }
    }
}
