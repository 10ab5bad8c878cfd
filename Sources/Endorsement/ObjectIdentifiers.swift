import SwiftASN1

/// Object identifiers of the TCG registry, PKIX and IEEE 802.1AR that this target reads or writes.
enum OID {
    // TCG EK Credential Profile 2.6, section 4; TCG OID registry 2.23.133.
    static let tpmManufacturer: ASN1ObjectIdentifier = [2, 23, 133, 2, 1]
    static let tpmModel: ASN1ObjectIdentifier = [2, 23, 133, 2, 2]
    static let tpmVersion: ASN1ObjectIdentifier = [2, 23, 133, 2, 3]
    static let tpm20HardwareType: ASN1ObjectIdentifier = [2, 23, 133, 1, 2]
    static let ekCertificatePurpose: ASN1ObjectIdentifier = [2, 23, 133, 8, 1]
    static let akCertificatePurpose: ASN1ObjectIdentifier = [2, 23, 133, 8, 3]
    static let verifiedTPMResidency: ASN1ObjectIdentifier = [2, 23, 133, 11, 1, 1]
    static let verifiedTPMFixed: ASN1ObjectIdentifier = [2, 23, 133, 11, 1, 2]
    static let verifiedTPMRestricted: ASN1ObjectIdentifier = [2, 23, 133, 11, 1, 3]
    static let ekCertificateDigestAssigner: ASN1ObjectIdentifier = [2, 23, 133, 12, 1]

    // RFC 4043 and RFC 4108, otherName forms.
    static let permanentIdentifier: ASN1ObjectIdentifier = [1, 3, 6, 1, 5, 5, 7, 8, 3]
    static let hardwareModuleName: ASN1ObjectIdentifier = [1, 3, 6, 1, 5, 5, 7, 8, 4]

    // RFC 5280, section 4.2, and RFC 5280, section 5.2, for lists.
    static let subjectKeyIdentifier: ASN1ObjectIdentifier = [2, 5, 29, 14]
    static let keyUsage: ASN1ObjectIdentifier = [2, 5, 29, 15]
    static let subjectAlternativeName: ASN1ObjectIdentifier = [2, 5, 29, 17]
    static let basicConstraints: ASN1ObjectIdentifier = [2, 5, 29, 19]
    static let crlNumber: ASN1ObjectIdentifier = [2, 5, 29, 20]
    static let reasonCode: ASN1ObjectIdentifier = [2, 5, 29, 21]
    static let deltaCRLIndicator: ASN1ObjectIdentifier = [2, 5, 29, 27]
    static let issuingDistributionPoint: ASN1ObjectIdentifier = [2, 5, 29, 28]
    static let certificateIssuer: ASN1ObjectIdentifier = [2, 5, 29, 29]
    static let nameConstraints: ASN1ObjectIdentifier = [2, 5, 29, 30]
    static let certificatePolicies: ASN1ObjectIdentifier = [2, 5, 29, 32]
    static let authorityKeyIdentifier: ASN1ObjectIdentifier = [2, 5, 29, 35]
    static let extendedKeyUsage: ASN1ObjectIdentifier = [2, 5, 29, 37]
    static let anyExtendedKeyUsage: ASN1ObjectIdentifier = [2, 5, 29, 37, 0]
    static let clientAuthentication: ASN1ObjectIdentifier = [1, 3, 6, 1, 5, 5, 7, 3, 2]

    // Attribute types of X.520 that messages show or certificates carry.
    static let commonName: ASN1ObjectIdentifier = [2, 5, 4, 3]
    static let serialNumber: ASN1ObjectIdentifier = [2, 5, 4, 5]
    static let country: ASN1ObjectIdentifier = [2, 5, 4, 6]
    static let locality: ASN1ObjectIdentifier = [2, 5, 4, 7]
    static let stateOrProvince: ASN1ObjectIdentifier = [2, 5, 4, 8]
    static let organization: ASN1ObjectIdentifier = [2, 5, 4, 10]
    static let organizationalUnit: ASN1ObjectIdentifier = [2, 5, 4, 11]
    static let emailAddress: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 9, 1]

    // RFC 3279, RFC 4055 and RFC 5758: keys and signatures.
    static let rsaEncryption: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 1, 1]
    static let sha1WithRSA: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 1, 5]
    static let rsaesOAEP: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 1, 7]
    static let mgf1: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 1, 8]
    static let rsassaPSS: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 1, 10]
    static let sha256WithRSA: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 1, 11]
    static let sha384WithRSA: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 1, 12]
    static let sha512WithRSA: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 1, 13]
    static let ecPublicKey: ASN1ObjectIdentifier = [1, 2, 840, 10045, 2, 1]
    static let secp256r1: ASN1ObjectIdentifier = [1, 2, 840, 10045, 3, 1, 7]
    static let secp384r1: ASN1ObjectIdentifier = [1, 3, 132, 0, 34]
    static let secp521r1: ASN1ObjectIdentifier = [1, 3, 132, 0, 35]
    static let ecdsaWithSHA256: ASN1ObjectIdentifier = [1, 2, 840, 10045, 4, 3, 2]
    static let ecdsaWithSHA384: ASN1ObjectIdentifier = [1, 2, 840, 10045, 4, 3, 3]
    static let ecdsaWithSHA512: ASN1ObjectIdentifier = [1, 2, 840, 10045, 4, 3, 4]
    static let sha256: ASN1ObjectIdentifier = [2, 16, 840, 1, 101, 3, 4, 2, 1]
    static let sha384: ASN1ObjectIdentifier = [2, 16, 840, 1, 101, 3, 4, 2, 2]
    static let sha512: ASN1ObjectIdentifier = [2, 16, 840, 1, 101, 3, 4, 2, 3]
}
