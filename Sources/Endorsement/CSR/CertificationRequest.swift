import SwiftASN1
public import TPMCrypto

/// A certification request by PKCS #10 (RFC 2986), as tools around TPMs write them.
///
/// Its key has signed it, and that is all it shows: not that the key is in a TPM. So it is judged here, and nothing is
/// ever certified for it.
public struct CertificationRequest: Sendable, Hashable {
    /// Whom the certificate is to name.
    public let subject: CertificateName
    /// The key.
    public let key: PublicKey
    /// What reading needed.
    public let workarounds: Set<Workaround>
    private let isSigned: Bool

    /// Larger than any request seen, with room for attributes.
    static let maximumSize = 16 << 10

    /// Reads a request in DER, to its last byte.
    public init(
        der: [UInt8],
        allowing workarounds: Set<Workaround> = Workaround.all
    ) throws(CertificateError) {
        let part = "certificationRequestInfo"
        let parts = try SignedParts(der, limit: Self.maximumSize, "certification request", signing: part)
        var leniency = Leniency(allowing: workarounds)
        let signature = try parts.read(&leniency)

        var fields = try Fields(parts.body, part)
        switch try fields.next("version").smallInteger("version") {
        case 0: break
        case 2: try leniency.use(.requestVersion)
        case let other: throw .unsupported("a certification request of version \(other)")
        }
        subject = try CertificateName(fields.next("subject"), &leniency)
        key = try PublicKey(fields.next("subjectPublicKeyInfo"), &leniency)
        _ = fields.optional(context: 0)  // attributes: nothing of them is granted
        try fields.end()
        isSigned = signature.isValid(in: der, by: key)
        self.workarounds = leniency.used
    }

    /// Why its key is not certified: never empty, since nothing shows where the key is.
    public var reasons: [CSRReason] { (isSigned ? [] : [.requestSignatureInvalid]) + [.residencyNotShown] }
}
