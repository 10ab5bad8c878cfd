/// Why a certificate is refused.
///
/// Each case says which certificate, so that an operator knows what to replace.
public enum CertificateReason: Sendable, Hashable {
    // The path
    /// No issuer of this name is in the trust directory.
    case issuerUnknown(issuer: String)
    /// An issuer of the right name is there, and the signature is not its own.
    case signatureInvalid(certificate: String)
    /// Valid only later.
    case notYetValid(certificate: String, from: Int64)
    /// No longer valid.
    case expired(certificate: String, since: Int64)
    /// The issuing certificate is not allowed to issue (basic constraints or key usage).
    case issuerNotAuthority(certificate: String)
    /// A CA stands deeper than a CA above it allows.
    case pathTooLong(certificate: String)
    /// The CA's certificate limits it to other purposes.
    case purposeNotPermitted(certificate: String)
    /// An extension that must be understood is not.
    case criticalExtensionUnknown(certificate: String, identifier: String)
    /// A name lies outside what a CA above may name.
    case nameNotPermitted(certificate: String)
    /// A revocation list names it.
    case revoked(certificate: String)
    /// A revocation list of this issuer was given, and its signature is not the issuer's.
    case revocationListInvalid(issuer: String)
    /// All revocation lists given for this issuer are past their next update.
    case revocationListExpired(issuer: String, since: Int64)
    /// Lists are demanded, and none of this issuer was given.
    case revocationListMissing(issuer: String)

    // The certificate itself
    /// A CA certificate in the place of an end entity's (VERIFIER B5, attack 34).
    case isAuthority
    /// The extended key usage does not say what the certificate is presented for.
    case purposeMissing(seen: String)
    /// The key usage does not allow what this kind of key is for.
    case keyUsageUnsuitable(seen: String)
    /// The alternative name does not name a TPM (manufacturer, model, version).
    case tpmNotNamed
    /// The certified key is not the key presented (attacks 32 and 33).
    case keyDiffers
    /// The key has no certificate, and its Name is not on the allow list.
    case notAllowed(name: String)
    /// The policies that a factory CA puts into this kind of certificate are not all there.
    case policyMissing
    /// The subject or hardware name does not denote the device it is presented for.
    case deviceDiffers

    /// The code that scripts and the ledger see; it never changes.
    public var code: String {
        switch self {
        case .issuerUnknown: "issuer-unknown"
        case .signatureInvalid: "signature-invalid"
        case .notYetValid: "not-yet-valid"
        case .expired: "expired"
        case .issuerNotAuthority: "issuer-not-authority"
        case .pathTooLong: "path-too-long"
        case .purposeNotPermitted: "purpose-not-permitted"
        case .criticalExtensionUnknown: "critical-extension-unknown"
        case .nameNotPermitted: "name-not-permitted"
        case .revoked: "revoked"
        case .revocationListInvalid: "revocation-list-invalid"
        case .revocationListExpired: "revocation-list-expired"
        case .revocationListMissing: "revocation-list-missing"
        case .isAuthority: "is-authority"
        case .purposeMissing: "purpose-missing"
        case .keyUsageUnsuitable: "key-usage-unsuitable"
        case .tpmNotNamed: "tpm-not-named"
        case .keyDiffers: "key-differs"
        case .notAllowed: "not-allowed"
        case .policyMissing: "policy-missing"
        case .deviceDiffers: "device-differs"
        }
    }
}

extension CertificateReason: CustomStringConvertible {
    /// One sentence for people.
    public var description: String {
        switch self {
        case .issuerUnknown(let issuer):
            "no certificate of the issuer '\(issuer)' is in the trust directory; add the vendor's CA if you trust it"
        case .signatureInvalid(let certificate): "the signature on the \(certificate) is not its issuer's"
        case .notYetValid(let certificate, let from):
            "the \(certificate) is not valid before \(CertificateTime.text(from))"
        case .expired(let certificate, let since): "the \(certificate) expired at \(CertificateTime.text(since))"
        case .issuerNotAuthority(let certificate): "the \(certificate) may not issue certificates"
        case .pathTooLong(let certificate): "the \(certificate) stands above more CAs than it may"
        case .purposeNotPermitted(let certificate): "the \(certificate) may not issue for this purpose"
        case .criticalExtensionUnknown(let certificate, let identifier):
            "the \(certificate) has the critical extension \(identifier), which is not understood here"
        case .nameNotPermitted(let certificate): "the \(certificate) does not allow the names below it"
        case .revoked(let certificate): "the \(certificate) is revoked"
        case .revocationListInvalid(let issuer): "the revocation list of '\(issuer)' is not signed by that issuer"
        case .revocationListExpired(let issuer, let since):
            "the revocation list of '\(issuer)' was to be renewed by \(CertificateTime.text(since)); fetch the present one"
        case .revocationListMissing(let issuer):
            "there is no revocation list of '\(issuer)', and one of every issuer is demanded"
        case .isAuthority: "the certificate is a CA's, not a key's in a device"
        case .purposeMissing(let seen):
            "the extended key usage does not name what the certificate is presented for; it says \(seen)"
        case .keyUsageUnsuitable(let seen): "the key usage does not allow what such a key is for; it says \(seen)"
        case .tpmNotNamed: "the alternative name does not give manufacturer, model and version of a TPM"
        case .keyDiffers: "the certificate is for another key than the one presented"
        case .notAllowed(let name): "there is no certificate, and the key's Name \(name) is not on the allow list"
        case .policyMissing: "a policy that the factory CA puts into such certificates is missing"
        case .deviceDiffers: "the certificate names another device"
        }
    }
}
