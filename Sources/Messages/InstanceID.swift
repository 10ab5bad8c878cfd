import Crypto

/// The name of one device instance for its whole life.
///
/// It is derived from the attestation key, so that it survives reimaging, rescue and TPM2_Clear, and a replaced TPM is
/// another instance. 32 lower-case hexadecimal digits.
public struct InstanceID: Hashable, Sendable, Codable, Comparable, CustomStringConvertible {
    /// The 32 digits.
    public let text: String

    /// The number of bytes behind the digits: 128 bits name every device that will be made without a collision.
    public static let size = 16

    /// The instance without a TPM whose first key this is: SHA-256 over a domain tag and the point, cut to 16 bytes.
    public init(firstKey key: SoftwareKey) {
        let digest = SHA256.hash(data: Array("birthmark compensated instance v1\0".utf8) + key.bytes)
        text = LowercaseHex.encode(digest.prefix(Self.size))
    }

    /// The instance whose IAK has this Name (TPM 2.0 Part 1, section 16): SHA-256 over a domain tag and the Name, cut to 16 bytes.
    public init(iakName: [UInt8]) {
        let digest = SHA256.hash(data: Array("birthmark instance v1\0".utf8) + iakName)
        text = LowercaseHex.encode(digest.prefix(Self.size))
    }

    /// Reads 32 lower-case hexadecimal digits; anything else is `nil`.
    public init?(_ text: some StringProtocol) {
        guard let bytes = LowercaseHex.decode(text), bytes.count == Self.size else { return nil }
        self.text = String(text)
    }

    /// The 16 bytes.
    public var bytes: [UInt8] { LowercaseHex.decode(text) ?? [] }

    /// The 32 digits.
    public var description: String { text }

    /// Orders by text.
    public static func < (left: InstanceID, right: InstanceID) -> Bool { left.text < right.text }

    /// Reads the text.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let id = InstanceID(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "not an instance id (32 lower-case hexadecimal digits)"
            )
        }
        self = id
    }

    /// Writes the text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
