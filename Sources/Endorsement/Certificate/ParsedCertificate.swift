import Crypto
import SwiftASN1
public import TPMCrypto
import TPMWire

/// An X.509 certificate read field by field, with the bytes its signature covers.
///
/// swift-certificates refuses what TPM vendors really issue (id-RSAES-OAEP keys, unordered SETs, written-out defaults),
/// and whatever is rewritten to please it no longer carries the vendor's signature. So judging reads certificates here;
/// issuing uses swift-certificates.
public struct ParsedCertificate: Sendable, Hashable {
    /// The certificate's DER, exactly.
    public let bytes: [UInt8]
    /// The serial number's magnitude, big-endian, 1 to 20 bytes (RFC 5280, section 4.1.2.2).
    public let serialNumber: [UInt8]
    /// Who signed, by its own account.
    public let issuer: CertificateName
    /// Whom it is for; empty in most EK certificates.
    public let subject: CertificateName
    /// Seconds since 1970, the first at which the certificate is valid.
    public let notBefore: Int64
    /// Seconds since 1970, the last at which the certificate is valid.
    public let notAfter: Int64
    /// The certified key.
    public let subjectKey: PublicKey
    /// The workarounds that reading needed.
    public let workarounds: Set<Workaround>
    let extensions: CertificateExtensions
    private let signature: PlacedSignature

    /// Larger than any EK certificate or vendor CA seen (under 3 KiB), with room for post-quantum signatures.
    static let maximumSize = 16 * 1024
    private static let maximumSerialNumber = 20

    /// Reads one certificate, consuming every byte.
    ///
    /// - Throws: what is wrong and where; nothing about whether the certificate is to be trusted.
    public init(der: [UInt8], allowing workarounds: Set<Workaround> = []) throws(CertificateError) {
        let parts = try SignedParts(der, limit: Self.maximumSize, "certificate", signing: "tbsCertificate")
        var leniency = Leniency(allowing: workarounds)

        var fields = try Fields(parts.body, "tbsCertificate")
        // Version 3 only: without extensions nothing says what a key is for.
        guard let version = fields.optional(context: 0), try version.explicit("version").smallInteger("version") == 2
        else { throw .unsupported("a certificate that is not version 3") }
        serialNumber = Array(
            try fields.next("serialNumber").magnitude(limit: Self.maximumSerialNumber, "serialNumber")
        )
        signature = try parts.read(naming: fields.next("signature"), &leniency)
        issuer = try CertificateName(fields.next("issuer"), &leniency)
        var validity = try Fields(fields.next("validity"), "validity")
        notBefore = try CertificateTime.read(validity.next("notBefore"))
        notAfter = try CertificateTime.read(validity.next("notAfter"))
        try validity.end()
        subject = try CertificateName(fields.next("subject"), &leniency)
        subjectKey = try PublicKey(fields.next("subjectPublicKeyInfo"), &leniency)
        _ = fields.optional(context: 1)  // issuerUniqueID and subjectUniqueID: deprecated, and used by nothing here
        _ = fields.optional(context: 2)
        if let tagged = fields.optional(context: 3) {
            extensions = try CertificateExtensions(tagged, &leniency)
        } else {
            extensions = CertificateExtensions()
        }
        try fields.end()

        bytes = der
        self.workarounds = leniency.used
    }

    /// The certificates that stand one behind another, as in a TPM's certificate chain; ends at the first that cannot be
    /// read.
    public static func sequence(in bytes: [UInt8]) -> [ParsedCertificate] {
        var rest = bytes[...]
        var found: [ParsedCertificate] = []
        while let length = try? DERLength.ofSequence(rest), length <= rest.count,
            let certificate = try? ParsedCertificate(der: Array(rest.prefix(length)), allowing: Workaround.all)
        {
            found.append(certificate)
            rest = rest.dropFirst(length)
        }
        return found
    }

    /// SHA-256 of the DER.
    public var sha256: [UInt8] { Array(SHA256.hash(data: bytes)) }

    /// Whether the signature is `key`'s, over the bytes as they came.
    func isSigned(by key: PublicKey) -> Bool { signature.isValid(in: bytes, by: key) }

    /// Whether issuer and subject are one and the signature is the certificate's own: a root.
    public var isSelfSigned: Bool { issuer.isSame(as: subject) && isSigned(by: subjectKey) }

    /// How messages name it: by its subject, or by issuer and serial number when the subject is empty.
    var label: String {
        subject.isEmpty ? "certificate \(serialNumber.hexadecimal) of \(issuer)" : "certificate of \(subject)"
    }
}
