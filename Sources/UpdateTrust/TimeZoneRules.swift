/// How far the clocks of a place are ahead of UTC, when: a value, made from a time-zone file by whoever may read files.
public struct TimeZoneRules: Hashable, Sendable {
    /// The zone's name.
    public let name: ZoneName
    /// The offset before the first change, in seconds to the east of UTC.
    let initial: Int64
    /// The changes that are stated one by one, ascending.
    let changes: [Change]
    /// What holds from the last of them on; `nil`: it stays as it is.
    let yearly: YearlyClockRule?

    /// The clocks go to another offset.
    struct Change: Hashable, Sendable {
        var at: Int64
        var offset: Int64
    }

    /// The zone without any change.
    static let utc = TimeZoneRules(name: .utc, initial: 0, changes: [], yearly: nil)

    /// The most that an offset may be, in seconds either way (RFC 9636 section 3.2).
    static let maximumOffset: Int64 = 26 * 3600

    /// Seconds that local clocks are ahead of UTC at a time in seconds since 1970.
    func offset(at time: Int64) -> Int64 {
        guard let last = changes.last else { return yearly?.offset(at: time) ?? initial }
        if time >= last.at { return yearly?.offset(at: time) ?? last.offset }
        var (low, high) = (0, changes.count)
        while low < high {
            let middle = (low + high) / 2
            if changes[middle].at <= time { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? initial : changes[low - 1].offset
    }

    /// The moment at which local clocks show a time, both in seconds.
    ///
    /// A time that clocks show twice is the first of the two. A time that they skip is the moment at which they skip it.
    func instant(ofLocal local: Int64) -> Int64 {
        let before = offset(at: local - Self.maximumOffset)
        let after = offset(at: local + Self.maximumOffset)
        let candidates = [before, after].map { local - $0 }
        let shown = candidates.filter { $0 + offset(at: $0) == local }
        if let first = shown.min() { return first }
        // Skipped: between the two moments lies the change.
        var low = candidates.min() ?? local
        var high = candidates.max() ?? local
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if middle + offset(at: middle) > local { high = middle } else { low = middle }
        }
        return high
    }

    /// Seconds of local time at a moment.
    func local(at time: Int64) -> Int64 { time + offset(at: time) }

    /// A moment for people: local time, and UTC beside it.
    func text(_ time: Int64) -> String {
        let utc = "\(Self.dateAndTime(time, between: "T"))Z"
        return self == .utc ? utc : "\(Self.dateAndTime(local(at: time), between: " ")) in \(name) (\(utc))"
    }

    private static func dateAndTime(_ local: Int64, between: String) -> String {
        guard let day = CivilDay(ofLocal: local) else { return "a time beyond the calendar" }
        let date = day.date
        let second = local - day.midnight
        let time = [second / 3600, second / 60 % 60, second % 60].map { padded($0, to: 2) }.joined(separator: ":")
        return "\(padded(date.year, to: 4))-\(padded(date.month, to: 2))-\(padded(date.day, to: 2))\(between)\(time)"
    }
}

/// The name of a time zone in the IANA database, such as `Europe/Berlin`.
///
/// Parts of letters, digits, `_`, `-` and `+`, each with a letter first, between slashes: so it can be looked up as a path below the
/// database, and not leave it.
public struct ZoneName: Hashable, Sendable, Codable, CustomStringConvertible {
    /// The characters.
    public let text: String

    /// More than the longest name.
    static let maximumLength = 64
    /// `UTC`.
    static let utc = ZoneName(trusted: "UTC")

    private init(trusted text: String) { self.text = text }

    /// Takes a text that keeps the rule; anything else is `nil`.
    init?(_ text: String) {
        guard text.utf8.count <= Self.maximumLength else { return nil }
        for part in text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard let first = part.first, Self.isLetter(first), part.allSatisfy(Self.isAllowed) else { return nil }
        }
        self.text = text
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        isLetter(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "_-+".utf8.contains(byte)
    }

    /// The characters.
    public var description: String { text }

    /// Reads the text.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let name = ZoneName(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "not the name of a time zone such as \"Europe/Berlin\""
            )
        }
        self = name
    }

    /// Writes the text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
