/// Hours of some days, in UTC, at which grants may be given and carried out.
///
/// Only the beginning of an install is held to it: what was begun is finished.
public struct MaintenanceWindow: Hashable, Sendable, Codable {
    /// A day of the week.
    public enum Day: String, Hashable, Sendable, Codable, CaseIterable {
        case sunday = "sun"
        case monday = "mon"
        case tuesday = "tue"
        case wednesday = "wed"
        case thursday = "thu"
        case friday = "fri"
        case saturday = "sat"
    }

    /// The days on which it opens.
    public var days: [Day]
    /// When it opens, `HH:MM`.
    public var from: String
    /// When it closes, `HH:MM`; not later than `from` means on the next day.
    public var to: String

    private static let secondsOfDay: Int64 = 86_400

    /// What makes it a window that cannot be meant.
    var problem: String? {
        guard !days.isEmpty, Set(days).count == days.count else {
            return "\"window.days\" names no day, or one twice"
        }
        guard Self.second(of: from) != nil, Self.second(of: to) != nil else {
            return "\"window.from\" and \"window.to\" are times of the day such as \"22:30\""
        }
        return nil
    }

    /// When the window that is open at a time closes, in seconds since 1970; `nil` when none is open.
    func closing(at now: Int64) -> Int64? {
        guard let from = Self.second(of: from), let to = Self.second(of: to) else { return nil }
        let length = to > from ? to - from : to - from + Self.secondsOfDay
        // A window that crosses midnight was opened yesterday.
        for daysAgo in [Int64(0), 1] {
            let (then, overflow) = now.subtractingReportingOverflow(daysAgo * Self.secondsOfDay)
            guard !overflow else { return nil }
            let midnight = then.subtractingReportingOverflow(Self.remainder(then, Self.secondsOfDay))
            let opening = midnight.partialValue.addingReportingOverflow(from)
            let closing = opening.partialValue.addingReportingOverflow(length)
            guard !midnight.overflow, !opening.overflow, !closing.overflow else { return nil }
            let isOpen = opening.partialValue <= now && now < closing.partialValue
            if isOpen, days.contains(Self.day(of: midnight.partialValue)) { return closing.partialValue }
        }
        return nil
    }

    private static func day(of midnight: Int64) -> Day {
        // The first day of 1970 was a Thursday, the fifth of the list.
        let index = remainder(remainder(midnight / secondsOfDay, 7) + 4, 7)
        return Day.allCases[Int(index)]
    }

    private static func remainder(_ value: Int64, _ divisor: Int64) -> Int64 {
        let rest = value % divisor
        return rest < 0 ? rest + divisor : rest
    }

    private static func second(of text: String) -> Int64? {
        let parts = text.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.count == 2, let hour = twoDigits(parts[0]), let minute = twoDigits(parts[1]), hour < 24, minute < 60
        else {
            return nil
        }
        return hour * 3600 + minute * 60
    }

    private static func twoDigits(_ text: Substring.UTF8View) -> Int64? {
        let digits = text.map { Int64($0) - Int64(UInt8(ascii: "0")) }
        guard digits.count == 2, digits.allSatisfy({ (0...9).contains($0) }) else { return nil }
        return digits[0] * 10 + digits[1]
    }
}
