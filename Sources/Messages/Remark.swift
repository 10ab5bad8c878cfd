import Wording

/// A reason that a person gave, in one line that cannot forge another line of a log.
public struct Remark: Hashable, Sendable, Codable, CustomStringConvertible {
    /// The text.
    public let text: String

    /// Enough for a few sentences and a ticket number.
    public static let maximumSize = 500

    /// Takes 1 to 500 bytes of UTF-8 without control, formatting (bidirectional) or line-separating characters, and with no more
    /// combining marks in a row than JSON may have here; anything else is `nil`.
    public init?(_ text: String) {
        guard !text.isEmpty, text.utf8.count <= Self.maximumSize, text.isStreamSafe,
            text.unicodeScalars.allSatisfy(Self.isPlain)
        else { return nil }
        self.text = text
    }

    static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        // Not the unassigned ones: what is one differs between versions of Unicode, and old entries must stay readable.
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate: false
        default: true
        }
    }

    /// The text.
    public var description: String { text }

    /// Reads the text.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let remark = Remark(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not one line of 1 to 500 bytes")
        }
        self = remark
    }

    /// Writes the text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
