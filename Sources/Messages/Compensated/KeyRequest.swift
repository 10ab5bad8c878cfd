public import Crypto

/// What a device without a TPM asks its factory for: a birth for the key that it has made.
public struct KeyRequest: Hashable, Sendable, Codable {
    /// The format; 1 is the only one.
    public var formatVersion: Int
    /// The first key of its ratchet.
    public var key: SoftwareKey
    /// What the device's hardware says of itself.
    public var claims: HardwareClaims
    /// The signature of the key over the rest: it is there.
    public var signature: Blob

    /// The most bytes of the file.
    public static let maximumSize = 8192

    private struct Signed: Codable {
        var formatVersion: Int
        var key: SoftwareKey
        var claims: HardwareClaims
    }

    /// Asks for a key that is there.
    public init(by key: P256.Signing.PrivateKey, claims: HardwareClaims) throws(MessageError) {
        formatVersion = 1
        self.key = SoftwareKey(of: key)
        self.claims = claims
        signature = Blob([])
        do {
            signature = Blob(try key.signature(for: message).rawRepresentation)
        } catch let error as MessageError {
            throw error
        } catch {
            throw MessageError(.notEncodable, "signing a request failed: \(error)")
        }
    }

    /// Reads a request, and holds it to its signature.
    public init(parsing bytes: some Sequence<UInt8>) throws(MessageError) {
        self = try CanonicalJSON.decode(KeyRequest.self, from: bytes, limit: Self.maximumSize)
        guard formatVersion == 1 else {
            throw MessageError(.outOfRange, "key request format \(formatVersion) is not known here")
        }
        guard key.isValid(signature.bytes, for: try message) else {
            throw MessageError(.outOfRange, "the request is not signed by the key that it names")
        }
    }

    private var message: [UInt8] {
        get throws(MessageError) {
            Array("birthmark key request v1\0".utf8)
                + (try CanonicalJSON.encode(Signed(formatVersion: formatVersion, key: key, claims: claims)))
        }
    }
}
