/// Bytes that travel inside JSON as standard base64 with padding (RFC 4648 section 4).
public struct Blob: Hashable, Sendable, Codable {
    /// The bytes themselves.
    public var bytes: [UInt8]

    /// Wraps bytes.
    public init(_ bytes: some Sequence<UInt8>) { self.bytes = [UInt8](bytes) }

    /// Reads the base64 text; other alphabets, missing padding and stray bits are refused.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let bytes = Base64.standard.decode(try container.decode(String.self).utf8) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not base64")
        }
        self.bytes = bytes
    }

    /// Writes the base64 text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(base64)
    }

    /// The base64 text.
    public var base64: String { Base64.standard.encode(bytes) }
}

/// Base64url without padding (RFC 7515 section 2), as JOSE and tokens write it.
public enum Base64URL {
    /// Writes bytes as base64url.
    public static func encode(_ bytes: some Sequence<UInt8>) -> String { Base64.url.encode(Array(bytes)) }

    /// Reads base64url; `nil` unless writing the result again gives the same text.
    public static func decode(_ text: some StringProtocol) -> [UInt8]? { Base64.url.decode(text.utf8) }
}
