import SwiftASN1

/// What a certificate is presented for, as an extended key usage.
enum CertificatePurpose: Sendable {
    /// tcg-kp-EKCertificate (TCG EK Credential Profile, section 3.3).
    case endorsementKey
    /// tcg-kp-AIKCertificate, for attestation keys.
    case attestationKey
    /// A device identity: 802.1AR asks for no extended key usage.
    case deviceIdentity
    /// An operator, as the client of a TLS connection (RFC 5280, section 4.2.1.12).
    case clientAuthentication

    var identifier: ASN1ObjectIdentifier? {
        switch self {
        case .endorsementKey: OID.ekCertificatePurpose
        case .attestationKey: OID.akCertificatePurpose
        case .deviceIdentity: nil
        case .clientAuthentication: OID.clientAuthentication
        }
    }

    /// Whether a CA limited to these purposes may issue for this one.
    func isAmong(_ purposes: [ASN1ObjectIdentifier]) -> Bool {
        guard !purposes.contains(OID.anyExtendedKeyUsage), let identifier else { return true }
        return purposes.contains(identifier)
    }
}
