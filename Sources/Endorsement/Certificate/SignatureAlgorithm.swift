import Crypto
import CryptoExtras
import SwiftASN1
import TPMCrypto
import TPMWire

/// A signature algorithm of certificates and revocation lists, as far as TPM vendors use them.
///
/// The digest is chosen from a closed list: swift-crypto traps when RSA is handed a digest it does not know.
enum SignatureAlgorithm: Sendable, Hashable {
    case rsaPKCS1(Digest)
    /// RSASSA-PSS (RFC 4055) with MGF1 over the same digest and a salt as long as the digest.
    case rsaPSS(Digest)
    case ecdsa(Digest)

    enum Digest: Sendable, Hashable { case sha1, sha256, sha384, sha512 }

    init(_ node: ASN1Node, _ leniency: inout Leniency) throws(CertificateError) {
        let algorithm = try AlgorithmIdentifier(node)
        switch algorithm.identifier {
        case OID.sha1WithRSA:
            try leniency.use(.sha1Signature)
            self = .rsaPKCS1(.sha1)
        case OID.sha256WithRSA: self = .rsaPKCS1(.sha256)
        case OID.sha384WithRSA: self = .rsaPKCS1(.sha384)
        case OID.sha512WithRSA: self = .rsaPKCS1(.sha512)
        case OID.rsassaPSS:
            self = .rsaPSS(try Self.pssDigest(algorithm.parameters))
            return
        case OID.ecdsaWithSHA256: self = .ecdsa(.sha256)
        case OID.ecdsaWithSHA384: self = .ecdsa(.sha384)
        case OID.ecdsaWithSHA512: self = .ecdsa(.sha512)
        default: throw .unsupported("signature algorithm \(algorithm.identifier)")
        }
        try algorithm.requireNullOrAbsent()
    }

    /// RSASSA-PSS-params: all four fields have SHA-1 defaults, which are refused, so each must be written out.
    private static func pssDigest(_ parameters: ASN1Node?) throws(CertificateError) -> Digest {
        guard let parameters else { throw .unsupported("RSASSA-PSS with SHA-1") }
        var fields = try Fields(parameters, "RSASSA-PSS parameters")
        guard let hash = fields.optional(context: 0), let mask = fields.optional(context: 1),
            let salt = fields.optional(context: 2)
        else { throw .unsupported("RSASSA-PSS with SHA-1 or a short salt") }
        let trailer = fields.optional(context: 3)
        try fields.end()

        let digest = try Self.digest(hash.explicit("PSS hash"))
        let generator = try AlgorithmIdentifier(mask.explicit("PSS mask"))
        guard generator.identifier == OID.mgf1, let inner = generator.parameters else {
            throw .unsupported("a PSS mask generator other than MGF1")
        }
        guard try Self.digest(inner).digest == digest.digest else { throw .unsupported("PSS with two digests") }
        guard try salt.explicit("PSS salt").smallInteger("PSS salt") == digest.length else {
            throw .unsupported("a PSS salt that is not as long as the digest")
        }
        if let trailer {
            guard try trailer.explicit("PSS trailer").smallInteger("PSS trailer") == 1 else {
                throw .unsupported("a PSS trailer other than 0xBC")
            }
        }
        return digest.digest
    }

    private static func digest(_ node: ASN1Node) throws(CertificateError) -> (digest: Digest, length: Int) {
        let algorithm = try AlgorithmIdentifier(node)
        try algorithm.requireNullOrAbsent()
        switch algorithm.identifier {
        case OID.sha256: return (.sha256, 32)
        case OID.sha384: return (.sha384, 48)
        case OID.sha512: return (.sha512, 64)
        default: throw .unsupported("the PSS digest \(algorithm.identifier)")
        }
    }

    /// Whether `signature` is that of `key` over `message`; a key of another kind has signed nothing.
    func isValid(_ signature: ArraySlice<UInt8>, over message: ArraySlice<UInt8>, by key: PublicKey) -> Bool {
        switch (self, key.numbers) {
        case (.rsaPKCS1(let digest), .rsa(let modulus)):
            Self.verifyRSA(signature, message, digest, modulus, .insecurePKCS1v1_5)
        case (.rsaPSS(let digest), .rsa(let modulus)):
            Self.verifyRSA(signature, message, digest, modulus, .PSS)
        case (.ecdsa(let digest), .ecc(let curve, let x, let y)):
            Self.verifyECDSA(signature, message, digest, curve, [0x04] + x + y)
        default: false
        }
    }

    private static func verifyRSA(
        _ signature: ArraySlice<UInt8>,
        _ message: ArraySlice<UInt8>,
        _ digest: Digest,
        _ modulus: [UInt8],
        _ padding: _RSA.Signing.Padding
    ) -> Bool {
        guard let rsa = try? _RSA.Signing.PublicKey(n: modulus, e: PublicKey.rsaExponent) else { return false }
        let value = _RSA.Signing.RSASignature(rawRepresentation: signature)
        switch digest {
        case .sha1: return rsa.isValidSignature(value, for: Insecure.SHA1.hash(data: message), padding: padding)
        case .sha256: return rsa.isValidSignature(value, for: SHA256.hash(data: message), padding: padding)
        case .sha384: return rsa.isValidSignature(value, for: SHA384.hash(data: message), padding: padding)
        case .sha512: return rsa.isValidSignature(value, for: SHA512.hash(data: message), padding: padding)
        }
    }

    private static func verifyECDSA(
        _ signature: ArraySlice<UInt8>,
        _ message: ArraySlice<UInt8>,
        _ digest: Digest,
        _ curve: ECCCurve,
        _ point: [UInt8]
    ) -> Bool {
        switch digest {
        case .sha1: false
        case .sha256: verifyECDSA(signature, SHA256.hash(data: message), curve, point)
        case .sha384: verifyECDSA(signature, SHA384.hash(data: message), curve, point)
        case .sha512: verifyECDSA(signature, SHA512.hash(data: message), curve, point)
        }
    }

    private static func verifyECDSA(
        _ signature: ArraySlice<UInt8>,
        _ digest: some Crypto.Digest,
        _ curve: ECCCurve,
        _ point: [UInt8]
    ) -> Bool {
        // A signature that is not the DER of two numbers is a wrong signature, no more.
        switch curve {
        case .p256:
            guard let key = try? P256.Signing.PublicKey(x963Representation: point),
                let value = try? P256.Signing.ECDSASignature(derRepresentation: signature)
            else { return false }
            return key.isValidSignature(value, for: digest)
        case .p384:
            guard let key = try? P384.Signing.PublicKey(x963Representation: point),
                let value = try? P384.Signing.ECDSASignature(derRepresentation: signature)
            else { return false }
            return key.isValidSignature(value, for: digest)
        case .p521:
            guard let key = try? P521.Signing.PublicKey(x963Representation: point),
                let value = try? P521.Signing.ECDSASignature(derRepresentation: signature)
            else { return false }
            return key.isValidSignature(value, for: digest)
        default: return false
        }
    }
}
