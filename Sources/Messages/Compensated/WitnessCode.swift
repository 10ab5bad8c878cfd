/// Ten digits that somebody at the verifier says to somebody at a device: good once, for one release, for some minutes.
public struct WitnessCode: Hashable, Sendable, Codable, CustomStringConvertible, CustomReflectable {
    private let digits: String

    /// How many digits.
    public static let length = 10
    /// How many codes there are: who guesses five times is right once in two thousand million times.
    public static let count: UInt64 = 10_000_000_000

    /// The code of a number drawn below ``count``; `nil` from there on.
    public init?(number: UInt64) {
        guard number < Self.count else { return nil }
        let text = String(number)
        digits = String(repeating: "0", count: Self.length - text.utf8.count) + text
    }

    /// Reads what somebody typed: ten digits, in groups or not.
    public init?(typed text: String) {
        let bare = text.filter { $0 != "-" && $0 != " " }
        guard text.utf8.count <= 2 * Self.length, Self.isCode(bare) else { return nil }
        digits = bare
    }

    /// In two groups, to be read out once.
    public var spoken: String { "\(digits.prefix(5))-\(digits.suffix(5))" }

    /// Nothing: a code that is printed by mistake is a code in a log.
    public var description: String { "(a witness code)" }

    /// Nothing either.
    public var customMirror: Mirror { Mirror(self, children: []) }

    /// What a verifier keeps of it: SHA-256 over a domain tag, the instance, the release and the digits.
    ///
    /// Ten digits are soon tried through by whoever reads that: it keeps a code out of backups and screens, and from nobody who has the database.
    public func digest(for instance: InstanceID, _ release: ContentDigest) -> ContentDigest {
        ContentDigest(
            of: Array("birthmark witness code v1\0".utf8) + instance.bytes + release.bytes + Array(digits.utf8)
        )
    }

    private static func isCode(_ text: String) -> Bool {
        text.utf8.count == length && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    /// Reads the ten digits.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard Self.isCode(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not \(Self.length) digits")
        }
        digits = text
    }

    /// Writes the ten digits.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(digits)
    }
}
