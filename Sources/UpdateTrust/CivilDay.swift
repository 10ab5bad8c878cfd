/// A day of the Gregorian calendar, by its number since 1970-01-01.
struct CivilDay: Hashable, Sendable {
    let number: Int64

    /// Seconds of a day in local time; those that are longer or shorter by the clock's changes are a zone's concern.
    static let seconds: Int64 = 86_400
    /// The seconds from the year 0001 to the end of 9999: whatever lies outside is no time of ours.
    static let range: ClosedRange<Int64> = -62_135_596_800...253_402_300_799

    init(number: Int64) { self.number = number }

    /// The day of a local time in seconds; `nil` outside ``range``.
    init?(ofLocal time: Int64) {
        guard Self.range.contains(time) else { return nil }
        number = Self.floored(time, by: Self.seconds).quotient
    }

    /// A day by its date; `nil` when the calendar has no such day.
    init?(year: Int64, month: Int64, day: Int64) {
        guard (1...9999).contains(year), (1...12).contains(month), day >= 1,
            day <= Self.length(ofMonth: month, year)
        else { return nil }
        self.init(unchecked: year, month, day)
    }

    /// The days of the years from March on, so that the day of a leap year is the last (Hinnant, "chrono-compatible low-level date algorithms").
    private init(unchecked year: Int64, _ month: Int64, _ day: Int64) {
        let years = month <= 2 ? year - 1 : year
        let era = Self.floored(years, by: 400)
        let ofYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let ofEra = era.remainder * 365 + era.remainder / 4 - era.remainder / 100 + ofYear
        number = era.quotient * 146_097 + ofEra - 719_468
    }

    /// The date.
    var date: (year: Int64, month: Int64, day: Int64) {
        let era = Self.floored(number + 719_468, by: 146_097)
        let ofEra = era.remainder
        let years = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * years + years / 4 - years / 100)
        let shifted = (5 * ofYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let year = years + era.quotient * 400 + (month <= 2 ? 1 : 0)
        return (year, month, ofYear - (153 * shifted + 2) / 5 + 1)
    }

    /// Days since Sunday.
    var daysSinceSunday: Int64 {
        // The first day of 1970 was a Thursday.
        Self.floored(number + 4, by: 7).remainder
    }

    /// Local midnight, as seconds of local time.
    var midnight: Int64 { number * Self.seconds }

    func advanced(by days: Int64) -> CivilDay { CivilDay(number: number + days) }

    static func isLeap(_ year: Int64) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    static func length(ofMonth month: Int64, _ year: Int64) -> Int64 {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    static func floored(_ value: Int64, by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}

/// A date as people write it: `2026-12-24` (RFC 3339 full-date).
public struct CalendarDate: Hashable, Sendable, Codable, CustomStringConvertible {
    let day: CivilDay

    /// Reads the text; `nil` for another form or a day that the calendar does not have.
    init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count == 3, let year = decimal(parts[0], digits: 4), let month = decimal(parts[1], digits: 2),
            let day = decimal(parts[2], digits: 2), let found = CivilDay(year: year, month: month, day: day)
        else { return nil }
        self.day = found
    }

    /// The text.
    public var description: String {
        let date = day.date
        return "\(padded(date.year, to: 4))-\(padded(date.month, to: 2))-\(padded(date.day, to: 2))"
    }

    /// Reads the text.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let date = CalendarDate(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "not a date such as \"2026-12-24\""
            )
        }
        self = date
    }

    /// Writes the text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// A number of exactly so many decimal digits.
func decimal(_ text: some Sequence<UInt8>, digits count: Int) -> Int64? {
    let digits = text.map { Int64($0) - Int64(UInt8(ascii: "0")) }
    guard digits.count == count, digits.allSatisfy({ (0...9).contains($0) }) else { return nil }
    return digits.reduce(0) { $0 * 10 + $1 }
}

func padded(_ number: Int64, to width: Int) -> String {
    let text = "\(number)"
    return String(repeating: "0", count: max(0, width - text.count)) + text
}
