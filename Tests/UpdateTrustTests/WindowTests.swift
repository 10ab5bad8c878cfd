import Foundation
import Messages
import Testing

@testable import UpdateTrust

/// Windows in a place's time: recurrence, blackouts, and when one opens next.
@Suite struct WindowTests {
    private static let berlin = "Europe/Berlin"

    private func policy(_ window: String) throws -> Policy {
        let text = #"""
            {"formatVersion":1,"rules":[{"id":"a","match":{"models":"*","hardwareRevisions":"*","environments":"*",
            "tiers":"*","packages":"*"},"moves":{"upgrade":true,"reinstall":true,"downgrade":false},
            "boot":{"requireLog":false,"secureBoot":"any"},"lease":{"seconds":86400},"grant":{"seconds":3600},
            "window":\#(window)}]}
            """#
        return try Policy(parsing: Array(text.utf8)) { name in
            (try? Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/\(name)"))).map { [UInt8]($0) }
        }
    }

    private func window(_ text: String) throws -> MaintenanceWindow {
        try #require(try policy(text).rules.first?.window)
    }

    private func seconds(_ text: String) throws -> Int64 {
        Int64(try Date(text, strategy: .iso8601).timeIntervalSince1970)
    }

    @Test func hoursAreThoseOfTheZone() throws {
        let window = try window(#"{"zone":"Europe/Berlin","days":["mon"],"from":"22:00","to":"04:00"}"#)
        // In summer two hours before UTC, in winter one.
        #expect(try window.closing(at: seconds("2026-09-21T20:00:00Z")) == seconds("2026-09-22T02:00:00Z"))
        #expect(try window.closing(at: seconds("2026-09-21T19:59:59Z")) == nil)
        #expect(try window.closing(at: seconds("2026-11-30T21:00:00Z")) == seconds("2026-12-01T03:00:00Z"))
        #expect(try window.closing(at: seconds("2026-11-30T20:59:59Z")) == nil)
    }

    @Test func theNightsOfTheChanges() throws {
        let window = try window(#"{"zone":"Europe/Berlin","days":["sat"],"from":"23:00","to":"04:00"}"#)
        // Six hours in October, four in March.
        #expect(try window.closing(at: seconds("2026-10-24T21:00:00Z")) == seconds("2026-10-25T03:00:00Z"))
        #expect(try window.closing(at: seconds("2027-03-27T22:00:00Z")) == seconds("2027-03-28T02:00:00Z"))
        // The hour that is twice counts the first time; the one that is skipped is no window at all.
        let short = try self.window(#"{"zone":"Europe/Berlin","days":["sun"],"from":"02:15","to":"02:45"}"#)
        #expect(try short.closing(at: seconds("2026-10-25T00:15:00Z")) == seconds("2026-10-25T00:45:00Z"))
        #expect(try short.closing(at: seconds("2026-10-25T01:15:00Z")) == nil)
        for minute in 0..<180 {
            #expect(try short.closing(at: seconds("2027-03-28T00:00:00Z") + Int64(minute) * 60) == nil)
        }
        #expect(try short.opening(after: seconds("2027-03-27T12:00:00Z")) == seconds("2027-04-04T00:15:00Z"))
        // What begins within the skipped hour begins where the clocks jump.
        let long = try self.window(#"{"zone":"Europe/Berlin","days":["sun"],"from":"02:15","to":"05:00"}"#)
        #expect(try long.opening(after: seconds("2027-03-28T00:00:00Z")) == seconds("2027-03-28T01:00:00Z"))
        let newYork = try self.window(#"{"zone":"America/New_York","days":["sun"],"from":"01:30","to":"03:00"}"#)
        #expect(try newYork.closing(at: seconds("2026-11-01T05:30:00Z")) == seconds("2026-11-01T08:00:00Z"))
        #expect(try newYork.closing(at: seconds("2027-03-14T06:30:00Z")) == seconds("2027-03-14T07:00:00Z"))
    }

    /// All through a year and its changes, by Foundation's calendar.
    @Test(arguments: ["Europe/Berlin", "America/New_York"])
    func openIsWhatTheCalendarSays(zone: String) throws {
        let window = try window(#"{"zone":"\#(zone)","days":["tue","sat"],"from":"06:30","to":"19:00"}"#)
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(identifier: zone))
        for time in stride(from: try seconds("2026-01-01T00:00:00Z"), to: try seconds("2027-04-01T00:00:00Z"), by: 9000)
        {
            let parts = calendar.dateComponents(
                [.weekday, .hour, .minute],
                from: Date(timeIntervalSince1970: Double(time))
            )
            let minute = (parts.hour ?? 0) * 60 + (parts.minute ?? 0)
            let isOpen = [3, 7].contains(parts.weekday) && (390..<1140).contains(minute)
            #expect((window.closing(at: time) != nil) == isOpen, "\(zone) at \(time)")
            if let next = window.opening(after: time) {
                #expect(next > time && window.closing(at: next) != nil && window.closing(at: next - 1) == nil)
            }
        }
    }

    /// The days of each kind in the months of two years, counted out by Foundation's calendar.
    @Test func recurrencesAreThoseOfTheCalendar() throws {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
        let secondTuesday = try window(#"{"monthWeekdays":[{"day":"tue","which":2}]}"#)
        let lastFriday = try window(#"{"monthWeekdays":[{"day":"fri","which":-1}]}"#)
        let fifthSunday = try window(#"{"monthWeekdays":[{"day":"sun","which":5}]}"#)
        let ends = try window(#"{"monthDays":[1,-1,-31]}"#)
        let fortnight = try window(#"{"days":["wed"],"everyWeeks":{"weeks":2,"from":"2026-11-05"}}"#)
        for number in 0..<800 {
            let day = try #require(CivilDay(year: 2026, month: 1, day: 1)).advanced(by: Int64(number))
            let date = Date(timeIntervalSince1970: Double(day.midnight))
            let parts = calendar.dateComponents([.weekday, .weekdayOrdinal, .day], from: date)
            let length = try #require(calendar.range(of: .day, in: .month, for: date)).count
            let dayOfMonth = try #require(parts.day)
            #expect(secondTuesday.opens(on: day) == (parts.weekday == 3 && parts.weekdayOrdinal == 2))
            #expect(lastFriday.opens(on: day) == (parts.weekday == 6 && dayOfMonth + 7 > length))
            #expect(fifthSunday.opens(on: day) == (parts.weekday == 1 && parts.weekdayOrdinal == 5))
            #expect(ends.opens(on: day) == (dayOfMonth == 1 || dayOfMonth == length || dayOfMonth == length - 30))
            // The Wednesday of the week of that Thursday is the day before it.
            let since = day.number - (try #require(CalendarDate("2026-11-04")).day.number)
            #expect(fortnight.opens(on: day) == (since >= 0 && since % 14 == 0))
        }
    }

    @Test func daysOfSeveralKindsAdd() throws {
        let window = try window(#"{"days":["mon"],"monthDays":[15],"from":"01:00","to":"02:00"}"#)
        #expect(try window.closing(at: seconds("2026-11-16T01:00:00Z")) != nil)
        #expect(try window.closing(at: seconds("2026-12-15T01:00:00Z")) != nil)
        #expect(try window.closing(at: seconds("2026-12-16T01:00:00Z")) == nil)
    }

    @Test func blackoutsOverride() throws {
        let window = try window(
            #"""
            {"zone":"Europe/Berlin","days":["mon","tue"],"from":"22:00","to":"04:00",
            "blackouts":[{"from":"2026-12-21","to":"2027-01-05","reason":"year's end"}]}
            """#
        )
        // The night into the first day ends with its midnight; the last day is a whole one.
        #expect(try window.closing(at: seconds("2026-12-15T22:00:00Z")) == seconds("2026-12-16T03:00:00Z"))
        #expect(try window.closing(at: seconds("2026-12-21T22:00:00Z")) == nil)
        #expect(try window.closing(at: seconds("2027-01-05T22:59:59Z")) == nil)
        #expect(try window.closing(at: seconds("2027-01-05T23:00:00Z")) == seconds("2027-01-06T03:00:00Z"))
        let now = try seconds("2026-12-24T12:00:00Z")
        #expect(try window.opening(after: now) == seconds("2027-01-05T23:00:00Z"))
        #expect(
            window.says(at: now) == """
                blackout from 2026-12-21 to 2027-01-05 (year's end); it opens next at 2027-01-06 00:00:00 in Europe/Berlin \
                (2027-01-05T23:00:00Z)
                """
        )
        // Without days and hours it is open whenever no blackout is, and a grant ends where the next one begins.
        let freeze = try self.window(#"{"blackouts":[{"from":"2026-12-24","to":"2026-12-24"}]}"#)
        #expect(try freeze.closing(at: seconds("2026-12-23T23:00:00Z")) == seconds("2026-12-24T00:00:00Z"))
        #expect(try freeze.opening(after: seconds("2026-12-24T01:00:00Z")) == seconds("2026-12-25T00:00:00Z"))
        let far = try #require(try freeze.closing(at: seconds("2026-11-01T00:00:00Z")))
        #expect(try far >= seconds("2026-11-08T00:00:00Z"), "the longest grant fits")
    }

    @Test func whatNeverOpensSaysSo() throws {
        let window = try window(
            #"{"monthDays":[-1],"blackouts":[{"from":"2026-01-01","to":"2030-12-31"}]}"#
        )
        #expect(try window.opening(after: seconds("2026-11-01T00:00:00Z")) == nil)
        #expect(try window.says(at: seconds("2026-11-01T00:00:00Z")).hasSuffix("it does not open within two years"))
        for end in [Int64.min, Int64.max] {
            #expect(window.closing(at: end) == nil)
            #expect(window.opening(after: end) == nil)
        }
    }

    @Test(arguments: [
        (#"{"zone":"Europe/Berlim"}"#, "tzdata"), (#"{"zone":"../x"}"#, "zone"), (#"{"zone":""}"#, "zone"),
        (#"{"from":"22:00"}"#, "both"), (#"{"to":"22:00"}"#, "both"), (#"{"monthDays":[]}"#, "monthDays"),
        (#"{"monthDays":[0]}"#, "monthDays"), (#"{"monthDays":[32]}"#, "monthDays"),
        (#"{"monthDays":[1,1]}"#, "monthDays"), (#"{"monthWeekdays":[{"day":"tue","which":6}]}"#, "which"),
        (#"{"monthWeekdays":[{"day":"tue","which":0}]}"#, "which"),
        // No number has its magnitude with another sign.
        (#"{"monthDays":[-9223372036854775808]}"#, "monthDays"),
        (#"{"monthWeekdays":[{"day":"tue","which":-9223372036854775808}]}"#, "which"),
        (#"{"everyWeeks":{"weeks":2,"from":"2026-11-02"}}"#, "name days"),
        (#"{"days":["mon"],"everyWeeks":{"weeks":1,"from":"2026-11-02"}}"#, "weeks"),
        (#"{"days":["mon"],"everyWeeks":{"weeks":2,"from":"2026-11-31"}}"#, "from"),
        (#"{"blackouts":[]}"#, "blackouts"), (#"{"blackouts":[{"from":"2026-12-24","to":"2026-12-23"}]}"#, "before"),
        (#"{"blackouts":[{"from":"2026-12-24","to":"2026-12-24","reason":"a\nb"}]}"#, "reason"),
        (#"{"blackout":[]}"#, "blackout"),
    ])
    func whatCannotBeMeantIsNamed(window: String, named: String) throws {
        let error = #expect(throws: MessageError.self) { try policy(window) }
        #expect(error?.detail.contains(named) == true, "\(error?.detail ?? "")")
    }

    @Test func aRefusalSaysWhenItOpens() throws {
        // 2026-09-21 is a Monday, 14:13:20.
        var world = try World(policy: policy(#"{"zone":"Europe/Berlin","days":["tue"],"from":"22:00","to":"04:00"}"#))
        let known = try Sample.known(Sample.release("1.1.0", securityVersion: 4))
        let refused = try world.ask(.update, package: known)
        #expect(refused.reasonCodes == ["outside-window"])
        let sentence =
            "outside the maintenance window; it opens next at 2026-09-22 22:00:00 in Europe/Berlin (2026-09-22T20:00:00Z)"
        #expect(refused.explanation.contains(sentence))
        let explained = world.policy.explain(
            .measured(world.record),
            state: world.state,
            manifest: known.manifest,
            known: known,
            at: world.now
        )
        #expect(explained.refusals == ["outside-window"])
        #expect(explained.details == [sentence])
    }
}
