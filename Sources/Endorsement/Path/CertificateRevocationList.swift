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
    /// Which of the issuer's keys signed; nil when the list does not say.
    let authorityKeyIdentifier: [UInt8]?
    /// The serial numbers of the certificates on it, as magnitudes.
    public let revoked: Set<[UInt8]>
    /// The list's number (RFC 5280, section 5.2.3), as a magnitude of at most 20 bytes; nil when it has none.
    public let number: [UInt8]?
    /// The list in DER.
    public let bytes: [UInt8]
    private let signature: PlacedSignature

    /// Room for some 250,000 entries.
    static let maximumSize = 10 * 1024 * 1024
    private static let maximumSerialNumber = 20
    /// An honest list has half a dozen, an entry two or three; each is compared with those before it.
    private static let maximumExtensions = 32
    /// The CRLReason values of a complete list; 7 is not used, 8 is removeFromCRL.
    private static let reasons: Set<UInt8> = [0, 1, 2, 3, 4, 5, 6, 9, 10]

    /// Reads one list in DER, consuming every byte.
    ///
    /// A delta list, a list limited to some distribution point and an indirect list are refused: taking one for the whole
    /// list would overlook revocations.
    ///
    /// - Throws: what is wrong and where; nothing about who signed.
    public init(der: [UInt8], allowing workarounds: Set<Workaround> = Workaround.all) throws(CertificateError) {
        let parts = try SignedParts(der, limit: Self.maximumSize, "revocation list", signing: "tbsCertList")
        var leniency = Leniency(allowing: workarounds)

        var fields = try Fields(parts.body, "tbsCertList")
        // Version 2, or version 1 by absence, which has no extensions (RFC 5280, section 5.1.2.1).
        let version = fields.optional(.integer)
        if let version, try version.smallInteger("version") != 1 {
            throw .unsupported("a revocation list that is neither version 1 nor 2")
        }
        signature = try parts.read(naming: fields.next("signature"), &leniency)
        issuer = try CertificateName(fields.next("issuer"), &leniency)
        thisUpdate = try CertificateTime.read(fields.next("thisUpdate"))
        if let time = fields.optional(.utcTime) ?? fields.optional(.generalizedTime) {
            let next = try CertificateTime.read(time)
            guard next >= thisUpdate else { throw .malformed(field: "nextUpdate: before thisUpdate") }
            nextUpdate = next
        } else {
            nextUpdate = nil
        }
        var revoked: Set<[UInt8]> = []
        if let entries = fields.optional(.sequence) {
            for entry in try entries.children(of: .sequence, "revokedCertificates") {
                revoked.insert(try Self.serialNumber(entry, &leniency))
            }
        }
        self.revoked = revoked
        if let tagged = fields.optional(context: 0) {
            guard version != nil else { throw .malformed(field: "crlExtensions in version 1") }
            (authorityKeyIdentifier, number) = try Self.facts(tagged.explicit("crlExtensions"), &leniency)
        } else {
            (authorityKeyIdentifier, number) = (nil, nil)
        }
        try fields.end()

        bytes = der
    }

    /// Reads the list's extensions for what makes it a partial one, for the key that signed it, and for its number.
    private static func facts(
        _ node: ASN1Node,
        _ leniency: inout Leniency
    ) throws(CertificateError) -> (issuingKey: [UInt8]?, number: [UInt8]?) {
        var identifier: [UInt8]?
        var number: [UInt8]?
        for (type, critical, value) in try extensions(node, "crlExtensions", &leniency) {
            switch type {
            case OID.deltaCRLIndicator: throw .unsupported("a delta revocation list; give the complete one")
            case OID.issuingDistributionPoint:
                throw .unsupported("a revocation list limited to a distribution point; give the complete one")
            case OID.authorityKeyIdentifier:
                identifier = try CertificateExtensions.keyIdentifier(ASN1Node.parse(value, "authorityKeyIdentifier"))
            case OID.crlNumber:
                let node = try ASN1Node.parse(value, "cRLNumber")
                number = Array(try node.magnitude(limit: maximumSerialNumber, "cRLNumber"))
            default:
                if critical { throw .unsupported("a revocation list with the critical extension \(type)") }
            }
        }
        return (identifier, number)
    }

    private static func serialNumber(
        _ entry: ASN1Node,
        _ leniency: inout Leniency
    ) throws(CertificateError) -> [UInt8] {
        var fields = try Fields(entry, "revoked certificate")
        let serialNumber = try fields.next("userCertificate").magnitude(limit: maximumSerialNumber, "userCertificate")
        _ = try CertificateTime.read(fields.next("revocationDate"))
        if let node = fields.optional(.sequence) {
            for (type, critical, value) in try extensions(node, "crlEntryExtensions", &leniency) {
                switch type {
                case OID.certificateIssuer: throw .unsupported("an indirect revocation list")
                case OID.reasonCode: try requireRevoking(ASN1Node.parse(value, "reasonCode"))
                default:
                    if critical { throw .unsupported("a revocation with the critical extension \(type)") }
                }
            }
        }
        try fields.end()
        return Array(serialNumber)
    }

    /// Whatever the reason, even certificateHold, the certificate is revoked; removeFromCRL would say that it is not any
    /// more, and belongs into delta lists only (RFC 5280, section 5.3.1).
    private static func requireRevoking(_ node: ASN1Node) throws(CertificateError) {
        guard node.identifier == .enumerated else { throw .malformed(field: "reasonCode") }
        let bytes = try node.primitive("reasonCode")
        guard bytes.count == 1, let reason = bytes.first, reasons.contains(reason) else {
            throw .unsupported("a revocation whose reason does not belong into a complete list")
        }
    }

    /// Reads Extensions; one that stands twice is refused.
    private static func extensions(
        _ node: ASN1Node,
        _ field: String,
        _ leniency: inout Leniency
    ) throws(CertificateError) -> [(ASN1ObjectIdentifier, critical: Bool, value: ArraySlice<UInt8>)] {
        var found: [(ASN1ObjectIdentifier, critical: Bool, value: ArraySlice<UInt8>)] = []
        let nodes = try node.children(of: .sequence, field)
        guard nodes.count <= maximumExtensions else { throw .malformed(field: field) }
        for node in nodes {
            let (type, critical, value) = try CertificateExtensions.parts(of: node, &leniency)
            guard !found.contains(where: { $0.0 == type }) else {
                throw .malformed(field: "extension \(type), there twice")
            }
            found.append((type, critical, value))
        }
        return found
    }

    /// Whether the list claims to be this CA's: by name, and by key when both say which, since CAs change keys and keep names.
    func isOf(_ authority: ParsedCertificate) -> Bool {
        guard issuer.isSame(as: authority.subject) else { return false }
        guard let stated = authorityKeyIdentifier, let own = authority.extensions.subjectKeyIdentifier else {
            return true
        }
        return stated == own
    }

    func lists(_ certificate: ParsedCertificate) -> Bool { revoked.contains(certificate.serialNumber) }

    /// Whether it is this CA's: by name, and by key and signature.
    public func isIssued(by authority: ParsedCertificate) -> Bool { isOf(authority) && isSigned(by: authority) }

    func isSigned(by authority: ParsedCertificate) -> Bool {
        (authority.extensions.keyUsage?.contains(.crlSign) ?? true)
            && signature.isValid(in: bytes, by: authority.subjectKey)
    }
}

extension [CertificateRevocationList] {
    /// Whether the lists given for this issuer speak against a certificate.
    ///
    /// A revocation counts whenever it was made: a key lost later proves nothing any more, not even its past. So a list
    /// made after the date judged is as good as one of that day; one that ended before it says nothing.
    ///
    /// - Parameter required: whether it speaks against a certificate that its issuer has no list here.
    func reasons(
        against certificate: ParsedCertificate,
        issuedBy issuer: ParsedCertificate,
        at date: Int64,
        required: Bool
    ) -> [CertificateReason] {
        let named = filter { $0.isOf(issuer) }
        guard !named.isEmpty else {
            return required ? [.revocationListMissing(issuer: issuer.subject.description)] : []
        }
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
