import Messages

/// Hours of some days, in the time of a place, at which grants may be given and carried out.
///
/// Only the beginning of an install is held to it: what was begun is finished. Without days of any kind it opens every day, without
/// hours for the whole day.
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

    /// Whose clocks it goes by; absent: UTC.
    public var zone: ZoneName?
    /// Days of the week on which it opens.
    public var days: [Day]?
    /// Which weeks `days` means; absent: every one.
    public var everyWeeks: Weeks?
    /// Days of the month on which it opens: 1 to 31, or -1 for the last and so on to -31.
    public var monthDays: [Int]?
    /// Days of the week on which it opens in only some weeks of a month.
    public var monthWeekdays: [MonthWeekday]?
    /// When it opens, `HH:MM`; absent with `to`: at midnight, for the whole day.
    public var from: String?
    /// When it closes, `HH:MM`; not later than `from` means on the next day.
    public var to: String?
    /// Days on which it stays closed.
    public var blackouts: [Blackout]?
    /// The clocks of `zone`, which a policy's file only names.
    var clocks = TimeZoneRules.utc

    /// Every so many weeks.
    public struct Weeks: Hashable, Sendable, Codable {
        /// How many; 2 means every other week.
        public var weeks: Int
        /// A day of the first of them; weeks begin with Monday, and before this one nothing opens.
        public var from: CalendarDate
    }

    /// Such as the second Tuesday of each month.
    public struct MonthWeekday: Hashable, Sendable, Codable {
        /// The day.
        public var day: Day
        /// 1 to 5, or -1 for the last and so on to -5.
        public var which: Int
    }

    /// Days on which nothing is granted, both ends among them.
    public struct Blackout: Hashable, Sendable, Codable {
        /// The first day, from its midnight on.
        public var from: CalendarDate
        /// The last day, to its end.
        public var to: CalendarDate
        /// Why, for people.
        public var reason: String?
    }

    /// More blackouts than a person keeps an overview of.
    static let maximumBlackouts = 100

    private enum CodingKeys: String, CodingKey {
        case zone, days, everyWeeks, monthDays, monthWeekdays, from, to, blackouts
    }

    /// What makes it a window that cannot be meant.
    var problem: String? {
        hoursProblem ?? daysProblem ?? blackoutsProblem
    }

    private var hoursProblem: String? {
        switch (from, to) {
        case (nil, nil): return nil
        case (let from?, let to?):
            guard Self.second(of: from) != nil, Self.second(of: to) != nil else {
                return "\"window.from\" and \"window.to\" are times of the day such as \"22:30\""
            }
            return nil
        default: return "\"window.from\" and \"window.to\" are given both or not at all"
        }
    }

    private var daysProblem: String? {
        if let days, !Self.isListed(days) { return "\"window.days\" names no day, or one twice" }
        if let monthDays, !Self.isListed(monthDays) || !monthDays.allSatisfy({ (1...31).contains($0.magnitude) }) {
            return "\"window.monthDays\" are numbers from 1 to 31 or from -31 to -1, each once, at least one"
        }
        if let monthWeekdays,
            !Self.isListed(monthWeekdays) || !monthWeekdays.allSatisfy({ (1...5).contains($0.which.magnitude) })
        {
            return "\"window.monthWeekdays.which\" are numbers from 1 to 5 or from -5 to -1, each day and number once"
        }
        if let everyWeeks {
            guard days != nil else { return "\"window.everyWeeks\" says which weeks \"window.days\" means: name days" }
            guard (2...52).contains(everyWeeks.weeks) else { return "\"window.everyWeeks.weeks\" is 2 to 52" }
        }
        return nil
    }

    private var blackoutsProblem: String? {
        guard let blackouts else { return nil }
        guard (1...Self.maximumBlackouts).contains(blackouts.count) else {
            return "\"window.blackouts\" are 1 to \(Self.maximumBlackouts), or left out"
        }
        for blackout in blackouts where blackout.to.day.number < blackout.from.day.number {
            return "a blackout from \(blackout.from) ends before it begins, on \(blackout.to)"
        }
        guard blackouts.compactMap(\.reason).allSatisfy({ Remark($0) != nil }) else {
            return "\"window.blackouts.reason\" is one line of 1 to \(Remark.maximumSize) bytes"
        }
        return nil
    }

    private static func isListed(_ values: [some Hashable]) -> Bool {
        !values.isEmpty && Set(values).count == values.count
    }

    static func second(of text: String) -> Int64? {
        let parts = text.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.count == 2, let hour = decimal(parts[0], digits: 2), let minute = decimal(parts[1], digits: 2),
            hour < 24, minute < 60
        else { return nil }
        return hour * 3600 + minute * 60
    }
}
