import FoundationEssentials

/// Bytes that travel inside JSON as standard base64 with padding (RFC 4648 section 4).
public struct Blob: Hashable, Sendable, Codable {
    /// The bytes themselves.
    public var bytes: [UInt8]

    /// Wraps bytes.
    public init(_ bytes: some Sequence<UInt8>) { self.bytes = [UInt8](bytes) }

    /// Reads the base64 text; other alphabets and missing padding are refused.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let data = Data(base64Encoded: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not base64")
        }
        bytes = [UInt8](data)
    }

    /// Writes the base64 text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(base64)
    }

    /// The base64 text.
    public var base64: String { Data(bytes).base64EncodedString() }
}

/// Base64url without padding (RFC 7515 section 2), as JOSE and tokens write it.
public enum Base64URL {
    /// Writes bytes as base64url.
    public static func encode(_ bytes: some Sequence<UInt8>) -> String {
        var text = Data(bytes).base64EncodedString()
        text.replace("+", with: "-")
        text.replace("/", with: "_")
        while text.hasSuffix("=") { text.removeLast() }
        return text
    }

    /// Reads base64url; `nil` unless writing the result again gives the same text.
    public static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var standard = String(text)
        standard.replace("-", with: "+")
        standard.replace("_", with: "/")
        standard += String(repeating: "=", count: (4 - standard.utf8.count % 4) % 4)
        guard let data = Data(base64Encoded: standard), encode(data) == text else { return nil }
        return [UInt8](data)
    }
}
