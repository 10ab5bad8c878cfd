public import Crypto

/// A public key that statements are signed with: Ed25519, or P-256 with ECDSA over SHA-256.
public struct StatementKey: Hashable, Sendable, Codable {
    /// The algorithm, in JOSE's spelling (RFC 7518, RFC 8037).
    public enum Algorithm: String, Hashable, Sendable, Codable {
        case es256 = "ES256"
        case edDSA = "EdDSA"
    }

    /// The algorithm; a signature names none, so it cannot choose one.
    public var algorithm: Algorithm
    /// Ed25519: 32 bytes.
    ///
    /// P-256: the 65 bytes of the uncompressed point (SEC 1 section 2.3.3).
    public var publicKey: Blob

    /// Takes a P-256 key.
    public init(_ key: P256.Signing.PublicKey) {
        algorithm = .es256
        publicKey = Blob(key.x963Representation)
    }

    /// Takes an Ed25519 key.
    public init(_ key: Curve25519.Signing.PublicKey) {
        algorithm = .edDSA
        publicKey = Blob(key.rawRepresentation)
    }

    /// The key's id: SHA-256 over algorithm, a zero byte and the public key, in hex.
    public var id: String {
        ContentDigest(of: Array(algorithm.rawValue.utf8) + [0] + publicKey.bytes).description
    }

    /// Whether it is a key at all: 32 bytes, or a point of P-256 in the one form that has 65 bytes.
    var isUsable: Bool {
        switch algorithm {
        case .es256:
            publicKey.bytes.count == 65 && publicKey.bytes.first == 0x04
                && (try? P256.Signing.PublicKey(x963Representation: publicKey.bytes)) != nil
        case .edDSA: (try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey.bytes)) != nil
        }
    }

    /// Whether the signature (64 bytes: raw r and s, or Ed25519's) is this key's over the message.
    public func isValid(signature: [UInt8], over message: [UInt8]) -> Bool {
        switch algorithm {
        case .es256:
            guard let key = try? P256.Signing.PublicKey(x963Representation: publicKey.bytes),
                let signature = try? P256.Signing.ECDSASignature(rawRepresentation: signature)
            else { return false }
            return key.isValidSignature(signature, for: message)
        case .edDSA:
            guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey.bytes) else { return false }
            return key.isValidSignature(signature, for: message)
        }
    }
}

/// A private key for statements, in memory.
public enum StatementSigner: Sendable {
    case p256(P256.Signing.PrivateKey)
    case ed25519(Curve25519.Signing.PrivateKey)

    /// The public half.
    public var key: StatementKey {
        switch self {
        case .p256(let key): StatementKey(key.publicKey)
        case .ed25519(let key): StatementKey(key.publicKey)
        }
    }

    /// Signs a message; 64 bytes.
    public func signature(over message: [UInt8]) throws(MessageError) -> [UInt8] {
        do {
            switch self {
            case .p256(let key): return [UInt8](try key.signature(for: message).rawRepresentation)
            case .ed25519(let key): return [UInt8](try key.signature(for: message))
            }
        } catch {
            throw MessageError(.notEncodable, "signing failed: \(error)")
        }
    }
}
