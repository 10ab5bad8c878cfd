import Crypto
import Endorsement
import TPMCrypto
import TPMWire

/// A TPM vendor: a root named `Test Vendor CA`, and an EK it has certified.
struct TestVendor {
    let rootKey = TestKey.p256()
    let root: ParsedCertificate
    let ekKey = P256.Signing.PrivateKey()

    /// Within the validity of everything made here by default.
    static let date: Int64 = 1_700_000_000

    init(root change: (inout TestCertificate) -> Void = { _ in }) throws {
        var certificate = TestCertificate.authority("Test Vendor CA", issuer: "Test Vendor CA", key: rootKey)
        change(&certificate)
        root = try ParsedCertificate(der: certificate.signed(by: rootKey), allowing: Workaround.all)
    }

    var anchors: TrustAnchors { TrustAnchors([root]) }

    func ek(_ change: (inout TestCertificate) -> Void = { _ in }) throws -> EKCertificate {
        try EKCertificate(fromNV: ekDER(change))
    }

    func ekDER(_ change: (inout TestCertificate) -> Void = { _ in }) -> [UInt8] {
        var certificate = TestCertificate.ek(ekKey.publicKey)
        change(&certificate)
        return certificate.signed(by: rootKey)
    }

    /// CAs one below another, "Level 1" under the root, and an EK certificate by the lowest.
    func chain(
        _ levels: [(inout TestCertificate) -> Void],
        ek change: (inout TestCertificate) -> Void = { _ in }
    ) throws -> (authorities: [ParsedCertificate], ek: EKCertificate) {
        var authorities: [ParsedCertificate] = []
        var (issuer, signer) = ("Test Vendor CA", rootKey)
        for (depth, change) in levels.enumerated() {
            let key = TestKey.p256()
            var certificate = TestCertificate.authority("Level \(depth + 1)", issuer: issuer, key: key)
            change(&certificate)
            authorities.append(try ParsedCertificate(der: certificate.signed(by: signer)))
            (issuer, signer) = ("Level \(depth + 1)", key)
        }
        var certificate = TestCertificate.ek(ekKey.publicKey)
        certificate.issuer = TestDER.name(common: issuer)
        change(&certificate)
        return (authorities, try EKCertificate(fromNV: certificate.signed(by: signer)))
    }

    /// What is wrong with such a chain.
    func faults(
        _ levels: [(inout TestCertificate) -> Void],
        ek change: (inout TestCertificate) -> Void = { _ in },
        lists: [CertificateRevocationList] = []
    ) throws -> [String] {
        let chain = try chain(levels, ek: change)
        return judge(chain.ek, through: chain.authorities, lists: lists).codes
    }

    var publicArea: TPMTPublic { .storageKey(ekKey.publicKey) }

    func judge(
        _ ek: EKCertificate,
        through intermediates: [ParsedCertificate] = [],
        lists: [CertificateRevocationList] = [],
        requiringLists: Bool = false,
        at date: Int64 = date
    ) -> EndorsementVerdict {
        EndorsementPolicy(
            anchors: TrustAnchors([root]),
            revocationLists: lists,
            requiringRevocationLists: requiringLists
        )
        .judge(ek, for: try? PublicKey(publicArea), intermediates: intermediates, at: date)
    }
}

extension TPMTPublic {
    /// A decrypting P-256 key, as an EK is.
    static func storageKey(_ key: P256.Signing.PublicKey) -> TPMTPublic {
        ecc(
            key,
            attributes: [.fixedTPM, .fixedParent, .sensitiveDataOrigin, .adminWithPolicy, .restricted, .decrypt],
            symmetric: .aes128CFB,
            scheme: .null
        )
    }

    /// A signing P-256 key.
    static func signingKey(_ key: P256.Signing.PublicKey, restricted: Bool) -> TPMTPublic {
        ecc(
            key,
            attributes: restricted
                ? [.fixedTPM, .fixedParent, .sensitiveDataOrigin, .userWithAuth, .adminWithPolicy, .restricted, .sign]
                : [.fixedTPM, .fixedParent, .sensitiveDataOrigin, .userWithAuth, .adminWithPolicy, .sign],
            symmetric: .null,
            scheme: .ecdsa(.sha256)
        )
    }

    private static func ecc(
        _ key: P256.Signing.PublicKey,
        attributes: TPMAObject,
        symmetric: TPMTSymDefObject,
        scheme: TPMTAsymScheme
    ) -> TPMTPublic {
        let raw = Array(key.rawRepresentation)
        return TPMTPublic(
            nameAlg: .sha256,
            objectAttributes: attributes,
            parameters: .ecc(
                TPMSECCParms(symmetric: symmetric, scheme: scheme, curveID: .p256),
                unique: TPMSECCPoint(x: Array(raw.prefix(32)), y: Array(raw.suffix(32)))
            )
        )
    }
}

extension EndorsementVerdict {
    var reasons: [CertificateReason] {
        guard case .refused(let reasons) = self else { return [] }
        return reasons
    }

    var codes: [String] { reasons.map(\.code) }

    var facts: EndorsementFacts? {
        guard case .accepted(let facts) = self else { return nil }
        return facts
    }
}
