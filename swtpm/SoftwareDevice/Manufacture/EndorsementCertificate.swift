import Crypto
import Foundation
import SwiftASN1
import TPMDevice
import TPMWire
import X509

extension LocalCA {
    /// Certifies an endorsement key (TCG EK Credential Profile, section 3.2).
    ///
    /// - Returns: The certificate in DER, as it goes into NV.
    func certify(_ publicArea: TPMTPublic, of tpm: TPMIdentity) throws -> [UInt8] {
        let key = try SubjectPublicKeyInfo.publicKey(of: publicArea)
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

/// The public key of a TPM object as X.509 has it (RFC 3279, section 2.3.1; RFC 5480, section 2).
enum SubjectPublicKeyInfo {
    static func publicKey(of publicArea: TPMTPublic) throws -> Certificate.PublicKey {
        switch publicArea.parameters {
        case .rsa(let parameters, let modulus):
            return try Certificate.PublicKey(derEncoded: try rsa(modulus, exponent: parameters.exponent))
        case .ecc(let parameters, let point):
            guard let width = parameters.curveID.coordinateSize else { break }
            let x963 = [0x04] + padded(point.x, to: width) + padded(point.y, to: width)
            switch parameters.curveID {
            case .p256: return Certificate.PublicKey(try P256.Signing.PublicKey(x963Representation: x963))
            case .p384: return Certificate.PublicKey(try P384.Signing.PublicKey(x963Representation: x963))
            default: break
            }
        case .keyedHash, .symCipher: break
        }
        throw SoftwareDeviceError(.input, "The TPM made an endorsement key of a kind that is not certified here.")
    }

    private static func rsa(_ modulus: [UInt8], exponent: UInt32) throws -> [UInt8] {
        var key = DER.Serializer()
        try key.appendConstructedNode(identifier: .sequence) { coder in
            try coder.serialize(unsigned: modulus)
            try coder.serialize(exponent == 0 ? 65_537 : exponent)
        }
        let bits = ASN1BitString(bytes: ArraySlice(key.serializedBytes))
        var info = DER.Serializer()
        try info.appendConstructedNode(identifier: .sequence) { coder in
            try coder.appendConstructedNode(identifier: .sequence) { coder in
                try coder.serialize(ASN1ObjectIdentifier.AlgorithmIdentifier.rsaEncryption)
                try coder.serialize(ASN1Null())
            }
            try coder.serialize(bits)
        }
        return info.serializedBytes
    }

    private static func padded(_ coordinate: [UInt8], to width: Int) -> [UInt8] {
        [UInt8](repeating: 0, count: max(0, width - coordinate.count)) + coordinate
    }
}

extension DER.Serializer {
    /// An INTEGER of any length, from its big-endian magnitude.
    fileprivate mutating func serialize(unsigned magnitude: [UInt8]) throws {
        let digits = magnitude.drop(while: { $0 == 0 })
        // A leading one bit would make the number negative.
        let padding: [UInt8] = (digits.first ?? 0x80) & 0x80 != 0 ? [0] : []
        appendPrimitiveNode(identifier: .integer) { $0 += padding + digits }
    }
}
