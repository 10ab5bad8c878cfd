extension CertificateReason {
    /// The part of the standard that makes the check, for whoever has to argue with a vendor.
    public var rule: String {
        switch self {
        case .signatureInvalid: "RFC 5280, 6.1.3 (a)(1)"
        case .notYetValid, .expired: "RFC 5280, 6.1.3 (a)(2)"
        case .revoked, .revocationListInvalid, .revocationListExpired, .revocationListMissing: "RFC 5280, 6.3.3"
        case .issuerUnknown: "RFC 5280, 6.1.1 (d)"
        case .nameNotPermitted: "RFC 5280, 6.1.3 (b), (c)"
        case .issuerNotAuthority: "RFC 5280, 6.1.4 (k), (n)"
        case .pathTooLong: "RFC 5280, 6.1.4 (m)"
        case .criticalExtensionUnknown: "RFC 5280, 6.1.4 (o), 6.1.5 (f)"
        case .purposeNotPermitted: "RFC 5280, 4.2.1.12"
        case .isAuthority, .purposeMissing, .keyUsageUnsuitable, .tpmNotNamed: "TCG EK Credential Profile, 3"
        case .keyDiffers, .deviceDiffers, .policyMissing: "TCG TPM 2.0 Keys for Device Identity and Attestation"
        case .notAllowed: "the owner's allow list"
        }
    }

    /// What would pass if the check were not made.
    public var stops: String {
        switch self {
        case .issuerUnknown: "a TPM that anybody vouches for who can sign a certificate"
        case .signatureInvalid: "a certificate that its issuer did not make, or that was altered since"
        case .notYetValid, .expired: "a key used outside the time its issuer answers for it"
        case .issuerNotAuthority: "certificates made with the key of a mere device"
        case .pathTooLong: "CAs below one that may have none below it"
        case .purposeNotPermitted: "endorsements by a CA that is for something else"
        case .criticalExtensionUnknown: "a limit that the issuer set and that nobody read"
        case .nameNotPermitted: "one vendor's CA naming another vendor's TPMs"
        case .revoked: "TPMs and CAs whose keys their vendor knows to be lost"
        case .revocationListInvalid: "a forged list that clears a lost key"
        case .revocationListExpired: "an old list, shown to hide a newer revocation"
        case .revocationListMissing: "a lost key whose revocation nobody looked up"
        case .isAuthority: "a CA's certificate passed off as a TPM's"
        case .purposeMissing: "a certificate of another kind by a CA that also endorses"
        case .keyUsageUnsuitable: "a signing key in the place of an endorsement key: no credential can be made to it"
        case .tpmNotNamed: "a certificate for something that is no TPM"
        case .keyDiffers: "a certificate borrowed from another TPM"
        case .notAllowed: "a software key that claims to be a TPM without a certificate"
        case .policyMissing: "a certificate that the factory's CA made for something else"
        case .deviceDiffers: "the certificate of another device of the same factory"
        }
    }
}
