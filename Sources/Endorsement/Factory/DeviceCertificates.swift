import SwiftASN1
import TPMCrypto
public import TPMWire
import X509

/// The kinds of device certificate a factory issues.
public enum DeviceCertificateKind: Sendable, Hashable, CaseIterable {
    /// Initial attestation key: restricted, it signs only what the TPM itself has made.
    case iak
    /// Initial device identity (IEEE 802.1AR): unrestricted, it authenticates connections.
    case idevid

    var purpose: CertificatePurpose {
        switch self {
        case .iak: .attestationKey
        case .idevid: .deviceIdentity
        }
    }

    /// What the CA has verified of the key: that it is in this TPM, cannot leave it and, of an IAK, is restricted.
    var policies: [ASN1ObjectIdentifier] {
        switch self {
        case .iak: [OID.verifiedTPMResidency, OID.verifiedTPMFixed, OID.verifiedTPMRestricted]
        case .idevid: [OID.verifiedTPMResidency, OID.verifiedTPMFixed]
        }
    }
}

extension CertificateAuthority {
    /// Issues the certificate of a key whose residency in the endorsed TPM has been verified: its policies say so.
    ///
    /// - Parameter date: seconds since 1970, the instant of birth; the certificate never expires (802.1AR, section 8.7).
    /// - Returns: the certificate's DER.
    public func issueDeviceCertificate(
        _ kind: DeviceCertificateKind,
        for publicArea: TPMTPublic,
        of device: DeviceSubject,
        at date: Int64
    ) throws(Failure) -> [UInt8] {
        let key: Certificate.PublicKey
        do {
            key = try Certificate.PublicKey(derEncoded: PublicKey(publicArea).subjectPublicKeyInfo)
        } catch {
            throw .library(String(describing: error))
        }
        let subject = try Self.name([(OID.commonName, device.model), (OID.serialNumber, device.serial)])
        let certificate = try issue(subject: subject, key: key, from: date, until: Self.never) {
            var extensions = try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
            }
            if let purpose = kind.purpose.identifier {
                try extensions.append(.init(ExtendedKeyUsage([.init(oid: purpose)]), critical: false))
            }
            try extensions.append(Self.policies(kind.policies))
            try extensions.append(.init(Self.alternativeNames(device), critical: false))
            for identifier in try identifiers(of: key) { try extensions.append(identifier) }
            return extensions
        }
        return try Self.der(certificate)
    }

    private static func policies(_ policies: [ASN1ObjectIdentifier]) throws -> Certificate.Extension {
        var serializer = DER.Serializer()
        try serializer.appendConstructedNode(identifier: .sequence) { coder in
            for policy in policies {
                try coder.appendConstructedNode(identifier: .sequence) { try $0.serialize(policy) }
            }
        }
        return Certificate.Extension(
            oid: OID.certificatePolicies,
            critical: false,
            value: serializer.serializedBytes[...]
        )
    }

    private static func alternativeNames(_ device: DeviceSubject) throws -> SubjectAlternativeNames {
        func name(_ type: ASN1ObjectIdentifier, _ value: some DERSerializable) throws -> X509.GeneralName {
            .otherName(.init(typeID: type, value: try ASN1Any(erasing: value)))
        }
        return SubjectAlternativeNames([
            try name(OID.hardwareModuleName, HardwareModuleName(serial: device.hardwareSerial)),
            try name(OID.permanentIdentifier, PermanentIdentifier(value: device.permanentIdentifier)),
        ])
    }
}
