import Crypto
import Foundation
import SwiftASN1
import TPMCrypto
import TPMDevice
import TPMWire
import X509

extension LocalCA {
    /// Certifies an endorsement key (TCG EK Credential Profile, section 3.2).
    ///
    /// - Returns: The certificate in DER, as it goes into NV.
    func certify(_ publicArea: TPMTPublic, of tpm: TPMIdentity) throws -> [UInt8] {
        let key = try Certificate.PublicKey(derEncoded: PublicKey(publicArea).subjectPublicKeyInfo)
        let now = Date.now
        let issuerKey = Certificate.PublicKey(intermediateKey.publicKey)
        let certificate = try Certificate(
            version: .v3,
            serialNumber: Certificate.SerialNumber(),
            publicKey: key,
            notValidBefore: now.addingTimeInterval(-Self.clockSkew),
            notValidAfter: now.addingTimeInterval(Self.lifetime),
            issuer: intermediate.subject,
            // The profile leaves the subject empty; the critical alternative name says which TPM it is.
            subject: DistinguishedName(),
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(SubjectAlternativeNames([.directoryName(try Self.name(of: tpm))]))
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(
                    publicArea.type == .rsa ? KeyUsage(keyEncipherment: true) : KeyUsage(keyAgreement: true)
                )
                try ExtendedKeyUsage([ExtendedKeyUsage.Usage(oid: Self.endorsementKeyCertificate)])
                AuthorityKeyIdentifier(keyIdentifier: SubjectKeyIdentifier(hash: issuerKey).keyIdentifier)
            },
            issuerPrivateKey: Certificate.PrivateKey(intermediateKey)
        )
        var serializer = DER.Serializer()
        try serializer.serialize(certificate)
        return serializer.serializedBytes
    }

    /// tpmManufacturer, tpmModel and tpmVersion (section 3.1.2).
    private static func name(of tpm: TPMIdentity) throws -> DistinguishedName {
        let manufacturer = "id:" + hexadecimal(tpm.manufacturerID)
        let version = "id:" + hexadecimal(UInt32(truncatingIfNeeded: tpm.firmwareVersion >> 32))
        return DistinguishedName([
            RelativeDistinguishedName(.init(type: [2, 23, 133, 2, 1], value: .init(utf8String: manufacturer))),
            RelativeDistinguishedName(.init(type: [2, 23, 133, 2, 2], value: .init(utf8String: tpm.vendorString))),
            RelativeDistinguishedName(.init(type: [2, 23, 133, 2, 3], value: .init(utf8String: version))),
        ])
    }

    private static func hexadecimal(_ number: UInt32) -> String {
        let digits = String(number, radix: 16, uppercase: true)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    /// tcg-kp-EKCertificate.
    private static let endorsementKeyCertificate: ASN1ObjectIdentifier = [2, 23, 133, 8, 1]
}
