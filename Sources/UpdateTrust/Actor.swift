public import Messages

/// On whose authority something was recorded: in JSON `verifier:<name>`, `operator:<name>` or `station:<name>`.
public struct Actor: Hashable, Sendable, Codable, CustomStringConvertible {
    /// What kind of actor.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        case verifier
        case `operator`
        case station
    }

    /// What kind of actor.
    public var kind: Kind
    /// Which one.
    public var name: Label

    /// Names an actor.
    public init(_ kind: Kind, _ name: Label) {
        self.kind = kind
        self.name = name
    }

    /// The text form.
    public var description: String { "\(kind.rawValue):\(name)" }

    /// Reads the text form.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let parts = try container.decode(String.self).split(
            separator: ":",
            maxSplits: 1,
            omittingEmptySubsequences: false
        )
        guard parts.count == 2, let kind = Kind(rawValue: String(parts[0])), let name = Label(parts[1]) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "not verifier:, operator: or station: and a name"
            )
        }
        self.init(kind, name)
    }

    /// Writes the text form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// A reason that a person gave, in one line that cannot forge another line of a log.
public struct Remark: Hashable, Sendable, Codable, CustomStringConvertible {
    /// The text.
    public let text: String

    /// Enough for a sentence and a ticket number.
    public static let maximumSize = 300

    /// Takes 1 to 300 bytes of UTF-8 without control, formatting (bidirectional) or line-separating characters; anything else is `nil`.
    public init?(_ text: String) {
        guard !text.isEmpty, text.utf8.count <= Self.maximumSize, text.unicodeScalars.allSatisfy(Self.isPlain) else {
            return nil
        }
        self.text = text
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned, .surrogate: false
        default: true
        }
    }

    /// The text.
    public var description: String { text }

    /// Reads the text.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let remark = Remark(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not one line of 1 to 300 bytes")
        }
        self = remark
    }

    /// Writes the text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
