public import Crypto

/// `POST /v1/compensated-decisions`: what an instance without a TPM shows: that it has the key which the verifier committed last.
public struct CompensatedEvidence: Hashable, Sendable, Codable {
    /// The exact bytes of the request.
    public var request: Blob
    /// The signature of `key` over them.
    public var signature: Blob
    /// The signature of `next` over them.
    public var nextSignature: Blob

    /// ECDSA with SHA-256: r and s, 32 bytes each.
    static let signatureSize = 64
    /// The most bytes accepted.
    public static let maximumSize = 16 << 10

    /// Signs a request with both keys.
    /// - Throws: `MessageError` when the request names other keys, or one of them cannot sign.
    public init(
        _ request: CompensatedRequest,
        signedBy key: P256.Signing.PrivateKey,
        next: P256.Signing.PrivateKey
    ) throws(MessageError) {
        guard SoftwareKey(of: key) == request.key, SoftwareKey(of: next) == request.next else {
            throw MessageError(.outOfRange, "the request names other keys")
        }
        let bytes = try request.bytes
        do {
            self.request = Blob(bytes)
            signature = Blob(try key.signature(for: CompensatedRequest.message(for: bytes)).rawRepresentation)
            nextSignature = Blob(try next.signature(for: CompensatedRequest.nextMessage(for: bytes)).rawRepresentation)
        } catch {
            throw MessageError(.notEncodable, "signing a request failed: \(error)")
        }
    }

    /// Reads evidence and holds its parts to their sizes.
    public init(parsing bytes: some Sequence<UInt8>) throws(MessageError) {
        self = try CanonicalJSON.decode(CompensatedEvidence.self, from: bytes, limit: Self.maximumSize)
        try check()
    }

    func check() throws(MessageError) {
        guard request.bytes.count <= CompensatedRequest.maximumSize else {
            throw MessageError(.tooLarge, "the request is larger than it may be")
        }
        guard signature.bytes.count == Self.signatureSize, nextSignature.bytes.count == Self.signatureSize else {
            throw MessageError(.outOfRange, "a signature has \(Self.signatureSize) bytes")
        }
    }

    /// SHA-256 of its parts, one after the other: under this the ledger names it.
    public var digest: ContentDigest {
        ContentDigest(of: signature.bytes + nextSignature.bytes + request.bytes)
    }
}
