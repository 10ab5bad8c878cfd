import Crypto
import CryptoExtras
import TPMWire

/// The least that checking a quote can cost: swift-crypto imports the key's bytes, hashes the message and verifies.
struct BareSignature {
    private enum Form {
        /// x ‖ y and r ‖ s.
        case p256(key: [UInt8], signature: [UInt8])
        case rsa2048(modulus: [UInt8], signature: [UInt8])
    }

    private let form: Form
    private let message: [UInt8]

    init(of message: [UInt8], _ signature: TPMTSignature, by area: TPMTPublic) throws {
        self.message = message
        switch (area.parameters, signature) {
        case (.ecc(_, let point), .ecdsa(_, let r, let s)):
            form = .p256(key: point.x + point.y, signature: r + s)
        case (.rsa(_, let modulus), .rsapss(_, let bytes)):
            form = .rsa2048(modulus: modulus, signature: bytes)
        default:
            throw WrongResult(name: "bare signature", wrong: 1, of: 1)
        }
    }

    func importAndVerify() throws -> Bool {
        switch form {
        case .p256(let key, let signature):
            let key = try P256.Signing.PublicKey(rawRepresentation: key)
            let signature = try P256.Signing.ECDSASignature(rawRepresentation: signature)
            return key.isValidSignature(signature, for: SHA256.hash(data: message))
        case .rsa2048(let modulus, let signature):
            let key = try _RSA.Signing.PublicKey(n: modulus, e: [1, 0, 1] as [UInt8])
            let signature = _RSA.Signing.RSASignature(rawRepresentation: signature)
            return key.isValidSignature(signature, for: SHA256.hash(data: message), padding: .PSS)
        }
    }

    /// The same with the key imported before.
    func verifier() throws -> () throws -> Bool {
        let message = message
        switch form {
        case .p256(let key, let signature):
            let key = try P256.Signing.PublicKey(rawRepresentation: key)
            return {
                let signature = try P256.Signing.ECDSASignature(rawRepresentation: signature)
                return key.isValidSignature(signature, for: SHA256.hash(data: message))
            }
        case .rsa2048(let modulus, let signature):
            let key = try _RSA.Signing.PublicKey(n: modulus, e: [1, 0, 1] as [UInt8])
            return {
                let signature = _RSA.Signing.RSASignature(rawRepresentation: signature)
                return key.isValidSignature(signature, for: SHA256.hash(data: message), padding: .PSS)
            }
        }
    }
}
