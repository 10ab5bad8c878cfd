import Crypto
import Hashing

/// The SHA-256 of exact bytes, by which a log, a package, a request or an entry is named.
///
/// In JSON: 64 lower-case hex digits.
public struct ContentDigest: Hashable, Sendable, Codable, Comparable, CustomStringConvertible {
    /// The 32 bytes.
    public let bytes: [UInt8]

    /// The number of bytes of a SHA-256.
    public static let size = 32

    /// Digests content.
    public init(of content: [UInt8]) { bytes = SHA256.digest(of: content.span) }

    /// Takes over a digest that was computed elsewhere; `nil` unless it has 32 bytes.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.size else { return nil }
        self.bytes = [UInt8](bytes)
    }

    /// Reads 64 lower-case hexadecimal digits; anything else is `nil`.
    public init?(_ text: some StringProtocol) {
        guard let bytes = LowercaseHex.decode(text), bytes.count == Self.size else { return nil }
        self.bytes = bytes
    }

    /// 64 lower-case hexadecimal digits.
    public var description: String { LowercaseHex.encode(bytes) }

    /// Orders by bytes.
    public static func < (left: ContentDigest, right: ContentDigest) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }

    /// Reads the hexadecimal text.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let digest = ContentDigest(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "not 64 lower-case hexadecimal digits"
            )
        }
        self = digest
    }

    /// Writes the hexadecimal text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
