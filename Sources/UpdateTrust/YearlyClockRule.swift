/// Standard time and summer time as a zone file states them for all years to come: the TZ string of POSIX (IEEE Std 1003.1
/// section 8.3), with the hours beyond a day that RFC 9636 section 3.3.2 adds.
struct YearlyClockRule: Hashable, Sendable {
    /// Seconds to the east of UTC in standard time.
    let standard: Int64
    /// Summer time; `nil` when the clocks stay.
    let summer: Summer?

    struct Summer: Hashable, Sendable {
        var offset: Int64
        var begins: Turn
        var ends: Turn
    }

    /// When the clocks turn: a day of the year, and seconds of the local time that holds until then.
    struct Turn: Hashable, Sendable {
        var day: DayOfYear
        var second: Int64
    }

    enum DayOfYear: Hashable, Sendable {
        /// 1 to 365; the day of a leap year is never counted.
        case julian(Int64)
        /// 0 to 365.
        case zeroBased(Int64)
        /// Month, week 1 to 5 (the last), days since Sunday.
        case weekday(month: Int64, week: Int64, day: Int64)

        func day(of year: Int64) -> CivilDay? {
            guard let first = CivilDay(year: year, month: 1, day: 1) else { return nil }
            switch self {
            case .julian(let number):
                return first.advanced(by: number - 1 + (CivilDay.isLeap(year) && number >= 60 ? 1 : 0))
            case .zeroBased(let number): return first.advanced(by: number)
            case .weekday(let month, let week, let day):
                guard let start = CivilDay(year: year, month: month, day: 1) else { return nil }
                let offset = (day - start.daysSinceSunday + 7) % 7 + (week - 1) * 7
                // The fifth is the last, also of a month that has four.
                return start.advanced(by: offset < CivilDay.length(ofMonth: month, year) ? offset : offset - 7)
            }
        }
    }

    func offset(at time: Int64) -> Int64 {
        guard let summer, let year = CivilDay(ofLocal: time + standard)?.date.year,
            let begins = summer.begins.day.day(of: year), let ends = summer.ends.day.day(of: year)
        else { return standard }
        let start = begins.midnight + summer.begins.second - standard
        let end = ends.midnight + summer.ends.second - summer.offset
        let isSummer = start < end ? start <= time && time < end : time < end || start <= time
        return isSummer ? summer.offset : standard
    }
}

extension YearlyClockRule {
    /// Reads a TZ string; `nil` for anything else.
    init?(parsing text: some Sequence<UInt8>) {
        var reader = Reader(rest: Array(text)[...])
        guard reader.skipName(), let west = reader.clock(hours: 24) else { return nil }
        standard = -west
        guard !reader.rest.isEmpty else {
            summer = nil
            return
        }
        guard reader.skipName() else { return nil }
        var offset = standard + 3600
        if reader.rest.first != UInt8(ascii: ",") {
            guard let west = reader.clock(hours: 24) else { return nil }
            offset = -west
        }
        guard let begins = reader.turn(), let ends = reader.turn(), reader.rest.isEmpty else { return nil }
        summer = Summer(offset: offset, begins: begins, ends: ends)
    }

    private struct Reader {
        var rest: ArraySlice<UInt8>

        mutating func skip(_ byte: Unicode.Scalar) -> Bool {
            guard let first = rest.first, first == UInt8(ascii: byte) else { return false }
            rest.removeFirst()
            return true
        }

        mutating func skipName() -> Bool {
            if skip("<") {
                guard let end = rest.firstIndex(of: UInt8(ascii: ">")), end - rest.startIndex >= 3 else { return false }
                rest = rest[(end + 1)...]
                return true
            }
            let letters = rest.prefix { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20) }
            rest = rest.dropFirst(letters.count)
            return letters.count >= 3
        }

        mutating func number(_ range: ClosedRange<Int64>) -> Int64? {
            let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            guard (1...3).contains(digits.count), let value = decimal(digits, digits: digits.count),
                range.contains(value)
            else { return nil }
            rest = rest.dropFirst(digits.count)
            return value
        }

        /// `[+-]h[:mm[:ss]]`, in seconds.
        mutating func clock(hours most: Int64) -> Int64? {
            let isNegative = skip("-")
            if !isNegative { _ = skip("+") }
            guard var seconds = number(0...most).map({ $0 * 3600 }) else { return nil }
            for unit: Int64 in [60, 1] where skip(":") {
                guard let part = number(0...59) else { return nil }
                seconds += part * unit
            }
            return isNegative ? -seconds : seconds
        }

        /// `,day[/time]`; the time is 02:00 unless it is given.
        mutating func turn() -> Turn? {
            guard skip(","), let day = dayOfYear() else { return nil }
            guard skip("/") else { return Turn(day: day, second: 7200) }
            return clock(hours: 167).map { Turn(day: day, second: $0) }
        }

        private mutating func dayOfYear() -> DayOfYear? {
            if skip("J") { return number(1...365).map { .julian($0) } }
            guard skip("M") else { return number(0...365).map { .zeroBased($0) } }
            guard let month = number(1...12), skip("."), let week = number(1...5), skip("."),
                let day = number(0...6)
            else { return nil }
            return .weekday(month: month, week: week, day: day)
        }
    }
}
