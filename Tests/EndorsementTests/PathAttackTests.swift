import Crypto
import Endorsement
import SwiftASN1
import TPMCrypto
import Testing

/// Chains that somebody made to pass off a key, and genuine ones that look odd.
@Suite struct PathAttackTests {
    let vendor: TestVendor

    init() throws { vendor = try TestVendor() }

    private static let serverPurpose: ASN1ObjectIdentifier = [1, 3, 6, 1, 5, 5, 7, 3, 1]
    private static let anyPurpose: ASN1ObjectIdentifier = [2, 5, 29, 37, 0]

    private static func directory(_ name: [UInt8]) -> [UInt8] { TestDER.node(0xA4, name) }
    private static func manufacturer(_ id: String) -> [UInt8] {
        directory(TestDER.name(([2, 23, 133, 2, 1], id)))
    }
    private let st = manufacturer("id:53544D20")
    private let infineon = manufacturer("id:49465800")

    // MARK: Who may issue

    /// A genuine TPM's key, or whoever has one, certifying a key of its own.
    @Test func attack34_endEntityIssuesEndorsement() throws {
        #expect(try vendor.faults([{ $0.extensions = [.notAuthority, .keyUsage(0x08)] }]) == ["issuer-not-authority"])
        // With a key usage that would allow it, and with none.
        #expect(try vendor.faults([{ $0.extensions = [.notAuthority, .keyUsage(0x04)] }]) == ["issuer-not-authority"])
        #expect(try vendor.faults([{ $0.extensions = [.keyUsage(0x06)] }]) == ["issuer-not-authority"])
        // And at any depth.
        #expect(
            try vendor.faults([{ $0.extensions[0] = .notAuthority }, { _ in }, { _ in }]) == ["issuer-not-authority"]
        )
    }

    @Test func attack34_intermediateBelowPathLength() throws {
        #expect(try vendor.faults([{ $0.extensions[0] = .authority(pathLength: 0) }]) == [])
        #expect(try vendor.faults([{ $0.extensions[0] = .authority(pathLength: 0) }, { _ in }]) == ["path-too-long"])
        #expect(try vendor.faults([{ $0.extensions[0] = .authority(pathLength: 1) }, { _ in }]) == [])
        // A root's limit binds as well.
        let strict = try TestVendor { $0.extensions[0] = .authority(pathLength: 1) }
        #expect(try strict.faults([{ _ in }]) == [])
        #expect(try strict.faults([{ _ in }, { _ in }]) == ["path-too-long"])
    }

    @Test func attack34_authorityForOtherPurposesEndorses() throws {
        #expect(
            try vendor.faults([{ $0.extensions.append(.purposes(Self.serverPurpose)) }]) == ["purpose-not-permitted"]
        )
        #expect(
            try vendor.faults([{ $0.extensions.append(.purposes(Self.serverPurpose)) }, { _ in }])
                == ["purpose-not-permitted"]
        )
        #expect(try vendor.faults([{ $0.extensions.append(.purposes(Self.anyPurpose)) }]) == [])
        let root = try TestVendor { $0.extensions.append(.purposes(Self.serverPurpose)) }
        #expect(try root.faults([]) == ["purpose-not-permitted"])
        // Any purpose in the certificate itself is not the endorsement of a TPM.
        #expect(try vendor.faults([], ek: { $0.extensions[2] = .purposes(Self.anyPurpose) }) == ["purpose-missing"])
    }

    /// The EK certificate of one TPM shown by another of the same vendor, through an intermediate.
    @Test func attack33_certificateOfASisterTPM() throws {
        let sister = P256.Signing.PrivateKey()
        let chain = try vendor.chain([{ _ in }], ek: { $0.keyInfo = Array(sister.publicKey.derRepresentation) })
        #expect(vendor.judge(chain.ek, through: chain.authorities).codes == ["key-differs"])
    }

    /// The dates of any CA on the way count at birth as those of the certificate do.
    @Test func attack35_authorityExpiredBeforeBirth() throws {
        let chain = try vendor.chain([{ $0.notAfter = 1_650_000_000 }, { _ in }])
        #expect(vendor.judge(chain.ek, through: chain.authorities, at: 1_650_000_000).codes == [])
        #expect(vendor.judge(chain.ek, through: chain.authorities, at: 1_650_000_001).codes == ["expired"])
        let late = try vendor.chain([{ $0.notBefore = 1_690_000_001 }])
        #expect(vendor.judge(late.ek, through: late.authorities, at: 1_690_000_000).codes == ["not-yet-valid"])
    }

    @Test func attack35_aKeyIsNotBornBeforeItsCertificate() throws {
        let ek = try vendor.ek { $0.notBefore = 1_690_000_000 }
        #expect(vendor.judge(ek, at: 1_689_999_999).codes == ["not-yet-valid"])
        #expect(vendor.judge(ek, at: 1_690_000_000).codes == [])
        // Dates the wrong way round hold at no time.
        let never = try vendor.ek { ($0.notBefore, $0.notAfter) = (1_690_000_000, 1_680_000_000) }
        #expect(vendor.judge(never, at: 1_685_000_000).codes == ["not-yet-valid", "expired"])
    }

    // MARK: What may be named

    @Test func attack33_otherVendorsTPMsUnderNameConstraints() throws {
        let stOnly: (inout TestCertificate) -> Void = { [st] in $0.extensions.append(.nameConstraints(permitted: [st]))
        }
        let infineonOnly: (inout TestCertificate) -> Void = { [infineon] in
            $0.extensions.append(.nameConstraints(permitted: [infineon]))
        }
        let level = TestDER.name(common: "Level 2")
        #expect(try vendor.faults([stOnly]) == [])
        #expect(try vendor.faults([infineonOnly]) == ["name-not-permitted"])
        // Two CAs' constraints both bind, whichever stands above; subjects of CAs in between are bound too.
        #expect(try vendor.faults([{ _ in }, infineonOnly]) == ["name-not-permitted"])
        let both: (inout TestCertificate) -> Void = { [st, infineon] in
            $0.extensions.append(.nameConstraints(permitted: [st, infineon, Self.directory(level)]))
        }
        #expect(try vendor.faults([both, stOnly]) == [])
        #expect(try vendor.faults([both, infineonOnly]) == ["name-not-permitted"])
        #expect(try vendor.faults([stOnly, { _ in }]) == ["name-not-permitted"])
        // What is excluded stays so, permitted or not; a root's constraints bind.
        let neither: (inout TestCertificate) -> Void = { [st] in
            $0.extensions.append(.nameConstraints(permitted: [st], excluded: [st]))
        }
        #expect(try vendor.faults([neither]) == ["name-not-permitted"])
        let root = try TestVendor { [infineon] in $0.extensions.append(.nameConstraints(permitted: [infineon])) }
        #expect(try root.faults([]) == ["name-not-permitted"])
    }

    @Test func subtreesReachAllThatIsBelowThem() throws {
        func subject(_ unit: String) -> [UInt8] {
            TestDER.name(([2, 5, 4, 10], "Vendor"), ([2, 5, 4, 11], unit), ([2, 5, 4, 3], "TPM 1"))
        }
        let tree = Self.directory(TestDER.name(([2, 5, 4, 10], "vendor "), ([2, 5, 4, 11], "TPMs")))
        let permitted: (inout TestCertificate) -> Void = { [st] in
            $0.extensions.append(.nameConstraints(permitted: [tree, st]))
        }
        #expect(try vendor.faults([permitted], ek: { $0.subject = subject("TPMs") }) == [])
        #expect(try vendor.faults([permitted], ek: { $0.subject = subject("Toasters") }) == ["name-not-permitted"])
        // The empty name is above everything.
        let all: (inout TestCertificate) -> Void = {
            $0.extensions.append(.nameConstraints(excluded: [Self.directory([0x30, 0x00])]))
        }
        #expect(try vendor.faults([all]) == ["name-not-permitted"])
    }

    @Test func constraintsThatAreNotUnderstoodRefuse() throws {
        let bounded = TestExtension(
            identifier: [2, 5, 29, 30],
            critical: TestDER.true,
            value: TestDER.sequence(TestDER.node(0xA0, TestDER.sequence(st, TestDER.node(0x80, [1]))))
        )
        #expect(throws: CertificateError.self) { try vendor.chain([{ $0.extensions.append(bounded) }]) }
        // A constraint on mail addresses binds the one in a subject.
        let mail = TestDER.node(0x81, Array("example.com".utf8))
        let address = TestDER.name(([1, 2, 840, 113549, 1, 9, 1], "tpm@example.org"))
        let constrained: (inout TestCertificate) -> Void = { $0.extensions.append(.nameConstraints(permitted: [mail])) }
        #expect(try vendor.faults([constrained]) == [])
        #expect(try vendor.faults([constrained], ek: { $0.subject = address }) == ["name-not-permitted"])
        // Policies and their mappings are not followed: where a CA insists on them, its certificates are refused.
        let insisting = TestExtension(
            identifier: [2, 5, 29, 36],
            critical: TestDER.true,
            value: TestDER.sequence(TestDER.node(0x80, [0]))
        )
        #expect(try vendor.faults([{ $0.extensions.append(insisting) }]) == ["critical-extension-unknown"])
    }

    // MARK: Names of issuers

    /// ST's later ECC intermediates write their root's name in UTF8String, the root itself in PrintableString.
    @Test func anIssuersNameMayComeInAnotherStringType() throws {
        let printable = TestDER.node(
            0x30,
            TestDER.node(
                0x31,
                TestDER.sequence(TestDER.identifier([2, 5, 4, 3]), TestDER.node(0x13, Array("Test  VENDOR ca".utf8)))
            )
        )
        #expect(vendor.judge(try vendor.ek { $0.issuer = printable }).codes == [])
        let others = [
            TestDER.name(common: "Test Vendor CA 2"), TestDER.name(common: "TestVendorCA"),
            TestDER.name(([2, 5, 4, 11], "Test Vendor CA")),
            TestDER.name(([2, 5, 4, 3], "Test Vendor CA"), ([2, 5, 4, 3], "Test Vendor CA")), [0x30, 0x00],
        ]
        for other in others { #expect(vendor.judge(try vendor.ek { $0.issuer = other }).codes == ["issuer-unknown"]) }
    }
}
