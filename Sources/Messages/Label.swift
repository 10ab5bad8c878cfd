/// A name that people and programs both use: serial, model, hardware revision, environment, package, version, operator.
///
/// 1 to 64 characters out of `A-Z a-z 0-9 . _ - + :`, the first a letter or digit. So a label can stand in a log line, a path
/// or a certificate without quoting, and cannot forge any of them.
public struct Label: Hashable, Sendable, Codable, Comparable, CustomStringConvertible {
    /// The characters.
    public let text: String

    /// The most characters a label has: the bound of a serialNumber attribute (RFC 5280 upper bounds).
    public static let maximumLength = 64

    /// What a label is, for people who have written none.
    public static let rule = "1 to \(maximumLength) of A-Z a-z 0-9 . _ - + :, first a letter or digit"

    /// Takes a text that keeps the rule; anything else is `nil`.
    public init?(_ text: some StringProtocol) {
        let utf8 = text.utf8
        guard let first = utf8.first, utf8.count <= Self.maximumLength, Self.isAlphanumeric(first),
            utf8.allSatisfy({ Self.isAlphanumeric($0) || Self.marks.contains($0) })
        else { return nil }
        self.text = String(text)
    }

    private static let marks = Set("._-+:".utf8)

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }

    /// The characters.
    public var description: String { text }

    /// Orders by bytes.
    public static func < (left: Label, right: Label) -> Bool { left.text < right.text }

    /// Reads the text.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let label = Label(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "not a label (\(Label.rule))"
            )
        }
        self = label
    }

    /// Writes the text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
