import SwiftASN1

/// An X.509 certificate revocation list (RFC 5280, section 5): full lists by the issuer itself, nothing indirect.
///
/// swift-certificates has no reader for these.
public struct CertificateRevocationList: Sendable, Hashable {
    /// Who signed, by its own account.
    public let issuer: CertificateName
    /// Seconds since 1970.
    public let thisUpdate: Int64
    /// Seconds since 1970; nil when the list does not say, which PKIX forbids and some vendors do.
    public let nextUpdate: Int64?
    private let revoked: Set<[UInt8]>
    private let bytes: [UInt8]
    private let signedRange: Range<Int>
    private let signatureRange: Range<Int>
    private let signatureAlgorithm: SignatureAlgorithm

    /// Room for some 250,000 entries.
    static let maximumSize = 10 * 1024 * 1024
    private static let maximumSerialNumber = 20

    /// Reads one list in DER, consuming every byte.
    ///
    /// A delta list, a list limited to some distribution point and an indirect list are refused: each carries a critical
    /// extension, and taking one for the whole list would overlook revocations.
    public init(der: [UInt8], allowing workarounds: Set<Workaround> = Workaround.all) throws(CertificateError) {
        guard !der.isEmpty else { throw .empty }
        guard der.count <= Self.maximumSize else { throw .tooLarge(bytes: der.count, limit: Self.maximumSize) }
        var leniency = Leniency(allowing: workarounds)

        var outer = try Fields(ASN1Node.parse(der[...], "revocation list"), "revocation list")
        let toBeSigned = try outer.next("tbsCertList")
        let outerAlgorithm = try outer.next("signatureAlgorithm")
        let signature = try outer.next("signatureValue").wholeBits("signatureValue")
        try outer.end()

        var fields = try Fields(toBeSigned, "tbsCertList")
        // Version 2, or version 1 by absence.
        if let version = fields.optional(.integer), try version.smallInteger("version") != 1 {
            throw .unsupported("a revocation list that is neither version 1 nor 2")
        }
        let innerAlgorithm = try fields.next("signature")
        guard innerAlgorithm.encodedBytes == outerAlgorithm.encodedBytes else {
            throw .malformed(field: "signature algorithm: outer and inner differ")
        }
        signatureAlgorithm = try SignatureAlgorithm(innerAlgorithm, &leniency)
        issuer = try CertificateName(fields.next("issuer"), &leniency)
        thisUpdate = try CertificateTime.read(fields.next("thisUpdate"))
        if let time = fields.optional(.utcTime) ?? fields.optional(.generalizedTime) {
            nextUpdate = try CertificateTime.read(time)
        } else {
            nextUpdate = nil
        }
        var revoked: Set<[UInt8]> = []
        if let entries = fields.optional(.sequence) {
            for entry in try entries.children(of: .sequence, "revokedCertificates") {
                revoked.insert(try Self.serialNumber(entry))
            }
        }
        self.revoked = revoked
        if let tagged = fields.optional(context: 0) {
            let extensions = try tagged.explicit("crlExtensions").children(of: .sequence, "crlExtensions")
            for node in extensions { try Self.requireUnderstood(node) }
        }
        try fields.end()

        bytes = der
        signedRange = toBeSigned.encodedBytes.startIndex..<toBeSigned.encodedBytes.endIndex
        signatureRange = signature.startIndex..<signature.endIndex
    }

    private static func serialNumber(_ entry: ASN1Node) throws(CertificateError) -> [UInt8] {
        var fields = try Fields(entry, "revoked certificate")
        let serialNumber = try fields.next("userCertificate").magnitude(limit: maximumSerialNumber, "userCertificate")
        _ = try CertificateTime.read(fields.next("revocationDate"))
        if let extensions = fields.optional(.sequence) {
            for node in try extensions.children(of: .sequence, "crlEntryExtensions") { try requireUnderstood(node) }
        }
        try fields.end()
        return Array(serialNumber)
    }

    private static func requireUnderstood(_ node: ASN1Node) throws(CertificateError) {
        var fields = try Fields(node, "extension")
        let type = try fields.next("extension type").objectIdentifier("extension type")
        let critical = try fields.optional(.boolean)?.boolean("critical") ?? false
        _ = try fields.next("extension value").octets("extension value")
        try fields.end()
        if critical { throw .unsupported("a revocation list with the critical extension \(type)") }
    }

    func lists(_ certificate: ParsedCertificate) -> Bool { revoked.contains(certificate.serialNumber) }

    func isSigned(by authority: ParsedCertificate) -> Bool {
        (authority.extensions.keyUsage?.contains(.crlSign) ?? true)
            && signatureAlgorithm.isValid(bytes[signatureRange], over: bytes[signedRange], by: authority.subjectKey)
    }
}

extension [CertificateRevocationList] {
    /// Whether the lists given for this issuer speak against a certificate.
    ///
    /// A revocation counts whenever it was made: a key lost later proves nothing any more, not even its past.
    func reasons(
        against certificate: ParsedCertificate,
        issuedBy issuer: ParsedCertificate,
        at date: Int64
    ) -> [CertificateReason] {
        let named = filter { $0.issuer.encoded == certificate.issuer.encoded }
        guard !named.isEmpty else { return [] }
        let authentic = named.filter { $0.isSigned(by: issuer) }
        guard !authentic.isEmpty else { return [.revocationListInvalid(issuer: issuer.subject.description)] }
        if authentic.contains(where: { $0.lists(certificate) }) { return [.revoked(certificate: certificate.label)] }
        guard authentic.contains(where: { date <= $0.nextUpdate ?? .max }) else {
            let latest = authentic.compactMap(\.nextUpdate).max() ?? 0
            return [.revocationListExpired(issuer: issuer.subject.description, since: latest)]
        }
        return []
    }
}
