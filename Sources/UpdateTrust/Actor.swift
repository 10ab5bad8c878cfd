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
