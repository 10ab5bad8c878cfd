public import Crypto

/// What shows in a decision request that its asker has the key that was made with its state directory.
///
/// The quote covers the whole request, so this signature is over nothing but what makes it fresh: a public key, or a proof,
/// that was seen elsewhere is worth nothing.
public struct InstallationProof: Hashable, Sendable, Codable {
    /// The public key: X and Y of a point of P-256, 32 bytes each (SEC 1, section 2.3.5).
    public var key: Blob
    /// ECDSA with SHA-256 (FIPS 186-5): r and s, 32 bytes each.
    public var signature: Blob

    /// Bytes of either part.
    public static let partSize = 64
    private static let domain = Array("birthmark installation v1\0".utf8)

    /// Joins both parts.
    public init(key: Blob, signature: Blob) {
        self.key = key
        self.signature = signature
    }

    /// Answers a challenge.
    /// - Throws: `MessageError` when the key cannot sign.
    public init(
        by key: P256.Signing.PrivateKey,
        for instance: InstanceID,
        challenge: String
    ) throws(MessageError) {
        do {
            let signature = try key.signature(for: Self.message(instance, challenge))
            self.init(key: Blob(key.publicKey.rawRepresentation), signature: Blob(signature.rawRepresentation))
        } catch {
            throw MessageError(.notEncodable, "signing with the installation key failed: \(error)")
        }
    }

    /// Whether the key's holder answered this challenge of this instance.
    public func isValid(for instance: InstanceID, challenge: String) -> Bool {
        guard let key = try? P256.Signing.PublicKey(rawRepresentation: key.bytes),
            let signature = try? P256.Signing.ECDSASignature(rawRepresentation: signature.bytes)
        else { return false }
        return key.isValidSignature(signature, for: Self.message(instance, challenge))
    }

    /// SHA-256 of the public key: what a verifier keeps of it.
    public var thumbprint: ContentDigest { ContentDigest(of: key.bytes) }

    func check() throws(MessageError) {
        guard key.bytes.count == Self.partSize, signature.bytes.count == Self.partSize else {
            throw MessageError(.outOfRange, "the parts of \"installation\" have \(Self.partSize) bytes each")
        }
    }

    /// An instance's id has one length, so no two pairs give the same bytes.
    private static func message(_ instance: InstanceID, _ challenge: String) -> [UInt8] {
        domain + instance.bytes + Array(challenge.utf8)
    }
}
