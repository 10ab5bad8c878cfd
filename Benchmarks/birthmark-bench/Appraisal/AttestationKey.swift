import Crypto
import CryptoExtras
import TPMCrypto
import TPMWire

/// An attestation key outside any TPM, which would take longer to sign than all that is measured here takes.
struct AttestationKey: Sendable {
    enum Secret: Sendable {
        case p256(P256.Signing.PrivateKey)
        case rsa2048(_RSA.Signing.PrivateKey)
    }

    let secret: Secret
    /// What it would be made from in a TPM.
    let template: TPMTPublic
    let publicArea: TPMTPublic

    static func p256(_ secret: P256.Signing.PrivateKey = P256.Signing.PrivateKey()) -> AttestationKey {
        let point = Array(secret.publicKey.rawRepresentation)
        let template = DeviceIdentityTemplate.eccP256.iak()
        var area = template
        if case .ecc(let detail, _) = area.parameters {
            let unique = TPMSECCPoint(x: Array(point.prefix(32)), y: Array(point.suffix(32)))
            area.parameters = .ecc(detail, unique: unique)
        }
        return AttestationKey(secret: .p256(secret), template: template, publicArea: area)
    }

    static func rsa2048() throws -> AttestationKey {
        let secret = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        let template = DeviceIdentityTemplate.rsa2048.iak()
        var area = template
        if case .rsa(let detail, _) = area.parameters {
            area.parameters = .rsa(detail, unique: Array(try secret.publicKey.getKeyPrimitives().modulus))
        }
        return AttestationKey(secret: .rsa2048(secret), template: template, publicArea: area)
    }

    /// Signs by the scheme of the template.
    func sign(_ message: [UInt8]) throws -> TPMTSignature {
        let digest = SHA256.hash(data: message)
        switch secret {
        case .p256(let key):
            let raw = Array(try key.signature(for: digest).rawRepresentation)
            return .ecdsa(.sha256, r: Array(raw.prefix(32)), s: Array(raw.suffix(32)))
        case .rsa2048(let key):
            return .rsapss(.sha256, Array(try key.signature(for: digest, padding: .PSS).rawRepresentation))
        }
    }
}
