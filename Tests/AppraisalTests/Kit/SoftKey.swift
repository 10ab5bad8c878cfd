import Crypto
import CryptoExtras
import FoundationEssentials
import Messages
import TPMCrypto
import TPMWire

@testable import Appraisal

/// An attestation key in software: it signs whatever it is given, which no TPM does, so it can make every odd structure.
struct SoftKey: Sendable {
    enum Secret: Sendable {
        case p256(P256.Signing.PrivateKey)
        case p384(P384.Signing.PrivateKey)
        case rsa(_RSA.Signing.PrivateKey)
    }

    var secret: Secret
    var area: TPMTPublic

    /// A fresh key that claims to be the IAK of a template.
    static func iak(_ template: DeviceIdentityTemplate = .eccP256) throws -> SoftKey {
        switch template {
        case .eccP256:
            let secret = P256.Signing.PrivateKey()
            return SoftKey(.p256(secret), template.iak(), point: secret.publicKey.rawRepresentation)
        case .eccP384:
            let secret = P384.Signing.PrivateKey()
            return SoftKey(.p384(secret), template.iak(), point: secret.publicKey.rawRepresentation)
        case .rsa2048:
            let rsa = try rsa.get()
            var area = template.iak()
            if case .rsa(let detail, _) = area.parameters {
                area.parameters = .rsa(detail, unique: Array(try rsa.publicKey.getKeyPrimitives().modulus))
            }
            return SoftKey(secret: .rsa(rsa), area: area)
        }
    }

    /// One RSA key for all tests: making one takes longer than all of them.
    private static let rsa = Result { try _RSA.Signing.PrivateKey(keySize: .bits2048) }

    private init(secret: Secret, area: TPMTPublic) {
        self.secret = secret
        self.area = area
    }

    private init(_ secret: Secret, _ template: TPMTPublic, point: Data) {
        self.secret = secret
        area = template
        if case .ecc(let detail, _) = template.parameters {
            let unique = TPMSECCPoint(x: Array(point.prefix(point.count / 2)), y: Array(point.suffix(point.count / 2)))
            area.parameters = .ecc(detail, unique: unique)
        }
    }

    /// Signs with the scheme of the public area.
    func sign(_ message: [UInt8]) throws -> TPMTSignature {
        try sign(message, as: area.scheme ?? .null)
    }

    /// Signs with a scheme of the caller's choice.
    func sign(_ message: [UInt8], as scheme: TPMTAsymScheme) throws -> TPMTSignature {
        switch secret {
        case .p256(let key):
            let raw = Array(try key.signature(for: SHA256.hash(data: message)).rawRepresentation)
            return .ecdsa(.sha256, r: Array(raw.prefix(32)), s: Array(raw.suffix(32)))
        case .p384(let key):
            let raw = Array(try key.signature(for: SHA384.hash(data: message)).rawRepresentation)
            return .ecdsa(.sha384, r: Array(raw.prefix(48)), s: Array(raw.suffix(48)))
        case .rsa(let key):
            if scheme.algorithm == .rsassa {
                let signature = try key.signature(for: SHA256.hash(data: message), padding: .insecurePKCS1v1_5)
                return .rsassa(.sha256, Array(signature.rawRepresentation))
            }
            return .rsapss(
                .sha256,
                Array(try key.signature(for: SHA256.hash(data: message), padding: .PSS).rawRepresentation)
            )
        }
    }

    /// The key as a record has it.
    func enrolled(template: DeviceIdentityTemplate? = nil) throws -> EnrolledKey {
        try EnrolledKey(publicArea: area.bytes, template: template?.iak())
    }
}
