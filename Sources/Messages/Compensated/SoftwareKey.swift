public import Crypto

/// The public key of an instance without a TPM: X and Y of a point of P-256, 32 bytes each (SEC 1, section 2.3.5).
public struct SoftwareKey: Hashable, Sendable, Codable {
    /// The 64 bytes.
    public let bytes: [UInt8]

    /// The number of bytes.
    public static let size = 64

    /// Takes bytes that are a point of the curve; anything else is `nil`.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.size, (try? P256.Signing.PublicKey(rawRepresentation: bytes)) != nil else {
            return nil
        }
        self.bytes = bytes
    }

    /// The public half of a key.
    public init(of key: P256.Signing.PrivateKey) { bytes = [UInt8](key.publicKey.rawRepresentation) }

    /// SHA-256 of the 64 bytes: how records and the ledger name it.
    public var thumbprint: ContentDigest { ContentDigest(of: bytes) }

    /// Whether its holder signed a message: ECDSA with SHA-256 (FIPS 186-5), r and s of 32 bytes each.
    public func isValid(_ signature: [UInt8], for message: [UInt8]) -> Bool {
        guard let key = try? P256.Signing.PublicKey(rawRepresentation: bytes),
            let signature = try? P256.Signing.ECDSASignature(rawRepresentation: signature)
        else { return false }
        return key.isValidSignature(signature, for: message)
    }

    /// Reads the base64 text of a point.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let key = SoftwareKey(try container.decode(Blob.self).bytes) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a point of P-256 (64 bytes)")
        }
        self = key
    }

    /// Writes the base64 text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(Blob(bytes))
    }
}
