import Messages

/// Whom an auditor believes to be an operator: whoever has one of these certificates, or one that these CAs have issued.
///
/// The CA of operators lies with the verifier, so who runs the verifier can make an operator of any name. A certificate that came from
/// the operator himself he cannot make: for a name of which there is one here, no other counts.
public struct OperatorTrust: Sendable {
    private let authorities: TrustAnchors
    private let given: [Label: Set<[UInt8]>]

    /// - Parameter certificates: of CAs and of operators, in any order.
    /// - Throws: `CertificateError` for one that is neither.
    public init(_ certificates: [ParsedCertificate]) throws(CertificateError) {
        var authorities: [ParsedCertificate] = []
        var given: [Label: Set<[UInt8]>] = [:]
        for certificate in certificates {
            if certificate.extensions.basicConstraints?.isAuthority == true {
                authorities.append(certificate)
            } else {
                given[try OperatorCertificate(certificate).name, default: []].insert(certificate.bytes)
            }
        }
        self.authorities = TrustAnchors(authorities)
        self.given = given
    }

    /// Why a certificate does not count; `nil` when it does.
    /// - Parameter date: when its key signed, in seconds since 1970.
    public func obstacle(to certificate: OperatorCertificate, at date: Int64) -> String? {
        let parsed = certificate.certificate
        guard parsed.notBefore <= date, date <= parsed.notAfter else {
            return "the certificate of \(certificate.name) was not valid at that time"
        }
        if let known = given[certificate.name] {
            return known.contains(parsed.bytes)
                ? nil : "the certificate is not the one of \(certificate.name) that is known from elsewhere"
        }
        guard !authorities.roots.isEmpty else { return "no certificate of \(certificate.name) is known from elsewhere" }
        if parsed.extensions.basicConstraints?.isAuthority == true { return CertificateReason.isAuthority.description }
        if parsed.extensions.keyUsage?.contains(.digitalSignature) != true {
            return CertificateReason.keyUsageUnsuitable(seen: parsed.extensions.keyUsageText).description
        }
        switch CertificatePath.search(from: parsed, to: authorities) {
        case .none(let reason): return reason.description
        case .found(let paths):
            let judged = paths.map {
                $0.reasons(at: date, purpose: .clientAuthentication, revocationLists: [])
            }
            return judged.min { $0.count < $1.count }?.first?.description
        }
    }
}
