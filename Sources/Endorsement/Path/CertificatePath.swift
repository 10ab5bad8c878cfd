import SwiftASN1

/// Paths from a certificate to a root, each link checked by signature (RFC 5280, section 6).
///
/// Built by hand rather than with swift-certificates' Verifier: vendor CAs need ``Workaround``s that it has no place for,
/// validity is judged at a given date without its SPI, and a refusal must say which certificate is at fault.
struct CertificatePath: Sendable {
    /// From the certificate judged to the root.
    let certificates: [ParsedCertificate]

    /// The deepest real vendor path has four certificates.
    private static let maximumLength = 8
    /// Signatures checked in one search; cross-certified CAs could otherwise make it exponential.
    private static let maximumSignatures = 64
    private static let maximumPaths = 8

    /// What a search found: the paths that reach a root, or why there is none.
    enum Search {
        case found([CertificatePath])
        case none(CertificateReason)
    }

    /// - Parameter intermediates: CA certificates besides those of the anchors, which need not be trusted.
    static func search(
        from leaf: ParsedCertificate,
        through intermediates: [ParsedCertificate] = [],
        to anchors: TrustAnchors
    ) -> Search {
        var found: [CertificatePath] = []
        var pending = [[leaf]]
        var budget = maximumSignatures
        // The reason that got furthest up: nearest to what an operator has to add or replace.
        var reason = CertificateReason.issuerUnknown(issuer: leaf.issuer.description)
        var furthest = 0

        while let path = pending.popLast(), let last = path.last, found.count < maximumPaths {
            var signedByNobody = false
            var extended = false
            let candidates =
                anchors.issuers(named: last.issuer)
                + intermediates.filter { $0.subject.isSame(as: last.issuer) }
                .map { TrustAnchors.Issuer(certificate: $0, isRoot: false) }
            for candidate in candidates where path.count < maximumLength && budget > 0 {
                let issuer = candidate.certificate
                guard isIssuer(issuer, of: last), !path.contains(issuer) else { continue }
                budget -= 1
                guard last.isSigned(by: issuer.subjectKey) else {
                    signedByNobody = true
                    continue
                }
                extended = true
                if candidate.isRoot {
                    found.append(CertificatePath(certificates: path + [issuer]))
                } else {
                    pending.append(path + [issuer])
                }
            }
            if !extended, path.count > furthest {
                furthest = path.count
                reason =
                    signedByNobody
                    ? .signatureInvalid(certificate: last.label) : .issuerUnknown(issuer: last.issuer.description)
            }
        }
        return found.isEmpty ? .none(reason) : .found(found)
    }

    /// By key identifier when both sides state one (RFC 5280, section 4.2.1.1).
    private static func isIssuer(_ candidate: ParsedCertificate, of certificate: ParsedCertificate) -> Bool {
        guard let wanted = certificate.extensions.authorityKeyIdentifier,
            let offered = candidate.extensions.subjectKeyIdentifier
        else { return true }
        return wanted == offered
    }

    /// Everything that is wrong with this path at a date, for a purpose, under these revocation lists.
    ///
    /// The certificate judged itself is looked at only for what holds for any certificate; what its kind demands is the
    /// caller's.
    func reasons(
        at date: Int64,
        purpose: CertificatePurpose,
        revocationLists: [CertificateRevocationList],
        required: Bool = false
    ) -> [CertificateReason] {
        var reasons: [CertificateReason] = []
        for certificate in certificates {
            if date < certificate.notBefore {
                reasons.append(.notYetValid(certificate: certificate.label, from: certificate.notBefore))
            }
            if date > certificate.notAfter {
                reasons.append(.expired(certificate: certificate.label, since: certificate.notAfter))
            }
            for identifier in certificate.extensions.unhandledCritical {
                reasons.append(
                    .criticalExtensionUnknown(certificate: certificate.label, identifier: identifier.description)
                )
            }
        }
        for (depth, authority) in certificates.enumerated().dropFirst() {
            reasons += Self.reasons(authority, above: certificates.prefix(depth), purpose: purpose)
        }
        for (certificate, issuer) in zip(certificates, certificates.dropFirst()) {
            reasons += revocationLists.reasons(against: certificate, issuedBy: issuer, at: date, required: required)
        }
        return reasons
    }

    private static func reasons(
        _ authority: ParsedCertificate,
        above: ArraySlice<ParsedCertificate>,
        purpose: CertificatePurpose
    ) -> [CertificateReason] {
        var reasons: [CertificateReason] = []
        let extensions = authority.extensions
        let mayIssue = extensions.keyUsage?.contains(.keyCertSign) ?? true
        if extensions.basicConstraints?.isAuthority != true || !mayIssue {
            reasons.append(.issuerNotAuthority(certificate: authority.label))
        }
        // Self-issued certificates do not count (RFC 5280, section 4.2.1.9); the first above is the one judged.
        let authoritiesBelow = above.dropFirst().count { !$0.subject.isSame(as: $0.issuer) }
        if let limit = extensions.basicConstraints?.pathLength, authoritiesBelow > limit {
            reasons.append(.pathTooLong(certificate: authority.label))
        }
        if let purposes = extensions.purposes, !purpose.isAmong(purposes) {
            reasons.append(.purposeNotPermitted(certificate: authority.label))
        }
        if let constraints = extensions.nameConstraints {
            for certificate in above
            where !constraints.allow(
                subject: certificate.subject,
                alternativeNames: certificate.extensions.alternativeNames
            ) {
                reasons.append(.nameNotPermitted(certificate: authority.label))
            }
        }
        return reasons
    }
}
