/// A release that must be running before another one: by its manifest digest, or by its version where it has none, at birth.
///
/// In JSON the one text or the other: 64 hexadecimal digits are a manifest digest.
public enum RequiredRelease: Hashable, Sendable, Codable, CustomStringConvertible {
    /// SHA-256 of its signed payload.
    case manifest(ContentDigest)
    /// A version of the same package; compared whole, never as higher or lower.
    case version(Label)

    /// Reads one of the two; anything else is `nil`.
    public init?(_ text: String) {
        if let manifest = ContentDigest(text) {
            self = .manifest(manifest)
        } else if let version = Label(text) {
            self = .version(version)
        } else {
            return nil
        }
    }

    /// The text.
    public var description: String {
        switch self {
        case .manifest(let manifest): manifest.description
        case .version(let version): version.text
        }
    }

    /// Reads the text.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let required = RequiredRelease(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "neither a manifest digest nor a version"
            )
        }
        self = required
    }

    /// Writes the text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
