/// When a window is open.
///
/// Hours are those of local clocks. An hour that is shown twice counts the first time; a time that clocks skip is the moment at
/// which they skip it, and a window that lies within the skipped hour does not open that day.
extension MaintenanceWindow {
    /// When the window that is open at a time closes, in seconds since 1970; `nil` when none is open.
    ///
    /// Windows that follow one another without a gap are one, as far as grants reach.
    func closing(at now: Int64) -> Int64? {
        guard CivilDay.range.contains(now), blackout(at: now) == nil, var end = span(at: now)?.end else { return nil }
        let horizon = now + PolicyRule.maximumGrant
        while end < horizon, let next = span(at: end) { end = next.end }
        let closed = blackoutSpans.map(\.start).filter { $0 > now }.min()
        return closed.map { min($0, end) } ?? end
    }

    /// When it opens next, in seconds since 1970; `nil` when that is not within two years.
    func opening(after now: Int64) -> Int64? {
        guard let today = day(at: now) else { return nil }
        let closed = blackoutSpans
        func isOpen(_ time: Int64) -> Bool { !closed.contains { $0.contains(time) } && span(at: time) != nil }
        let resumed = closed.map(\.end).filter { $0 > now && isOpen($0) }.min()
        for ahead in Int64(-1)...Self.daysAhead {
            let day = today.advanced(by: ahead)
            guard opens(on: day) else { continue }
            let start = span(of: day).start
            guard start > now, isOpen(start) else { continue }
            return resumed.map { min($0, start) } ?? start
        }
        return resumed
    }

    private static let daysAhead: Int64 = 731

    /// Why it is closed and until when, for people.
    func whyClosed(at now: Int64) -> String {
        let because =
            blackout(at: now).map { blackout in
                "blackout from \(blackout.from) to \(blackout.to)" + (blackout.reason.map { " (\($0))" } ?? "")
            } ?? "outside the maintenance window"
        let next = opening(after: now).map { "it opens next at \(clocks.text($0))" }
        return "\(because); \(next ?? "it does not open within two years")"
    }

    /// How it stands at a time, for people.
    public func says(at now: Int64) -> String {
        guard let closing = closing(at: now) else { return whyClosed(at: now) }
        return "the maintenance window is open; a grant is good until \(clocks.text(closing)) at most"
    }

    /// From when on it is open to when it is not any more.
    private struct Span {
        var start: Int64
        var end: Int64

        func contains(_ time: Int64) -> Bool { start <= time && time < end }
    }

    private func day(at time: Int64) -> CivilDay? {
        CivilDay.range.contains(time) ? CivilDay(ofLocal: clocks.local(at: time)) : nil
    }

    /// The opening that covers a time; that of two which closes last.
    private func span(at time: Int64) -> Span? {
        guard let today = day(at: time) else { return nil }
        // A window that crosses midnight was opened yesterday; clocks that go back over midnight show a day twice.
        let days = (Int64(-2)...1).map { today.advanced(by: $0) }
        return days.filter(opens(on:)).map(span(of:)).filter { $0.contains(time) }.max { $0.end < $1.end }
    }

    private func span(of day: CivilDay) -> Span {
        let from = from.flatMap(Self.second(of:)) ?? 0
        let to = to.flatMap(Self.second(of:)) ?? 0
        let last = to > from ? day : day.advanced(by: 1)
        return Span(
            start: clocks.instant(ofLocal: day.midnight + from),
            end: clocks.instant(ofLocal: last.midnight + to)
        )
    }

    private var blackoutSpans: [Span] {
        (blackouts ?? []).map(span(of:))
    }

    private func span(of blackout: Blackout) -> Span {
        Span(
            start: clocks.instant(ofLocal: blackout.from.day.midnight),
            end: clocks.instant(ofLocal: blackout.to.day.advanced(by: 1).midnight)
        )
    }

    private func blackout(at time: Int64) -> Blackout? {
        blackouts?.first { span(of: $0).contains(time) }
    }

    /// Whether it opens on a day; when several kinds of days are named, any of them is enough.
    func opens(on day: CivilDay) -> Bool {
        guard days != nil || monthDays != nil || monthWeekdays != nil else { return true }
        return isWeekday(day) || isMonthDay(day) || isMonthWeekday(day)
    }

    private func isWeekday(_ day: CivilDay) -> Bool {
        guard let days, days.contains(Self.weekday(of: day)) else { return false }
        guard let everyWeeks else { return true }
        let first = Self.monday(of: everyWeeks.from.day)
        let weeks = CivilDay.floored(day.number - first.number, by: 7).quotient
        return weeks >= 0 && weeks % Int64(everyWeeks.weeks) == 0
    }

    private func isMonthDay(_ day: CivilDay) -> Bool {
        guard let monthDays else { return false }
        let date = day.date
        let fromEnd = date.day - CivilDay.length(ofMonth: date.month, date.year) - 1
        return monthDays.contains { Int64($0) == date.day || Int64($0) == fromEnd }
    }

    private func isMonthWeekday(_ day: CivilDay) -> Bool {
        guard let monthWeekdays else { return false }
        let date = day.date
        let which = (date.day - 1) / 7 + 1
        let fromEnd = (date.day - CivilDay.length(ofMonth: date.month, date.year)) / 7 - 1
        return monthWeekdays.contains {
            $0.day == Self.weekday(of: day) && (Int64($0.which) == which || Int64($0.which) == fromEnd)
        }
    }

    private static func weekday(of day: CivilDay) -> Day { Day.allCases[Int(day.daysSinceSunday)] }

    private static func monday(of day: CivilDay) -> CivilDay {
        day.advanced(by: -((day.daysSinceSunday + 6) % 7))
    }
}
