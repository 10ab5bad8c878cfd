import Foundation
import Messages
import Testing

@testable import UpdateTrust

/// Clocks of places, held to Foundation's over the years, and to the letter at the hours that do not exist or exist twice.
@Suite struct TimeZoneTests {
    static func zone(_ name: String) throws -> TimeZoneRules {
        let file = try Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/\(name)"))
        return try TimeZoneRules(parsing: [UInt8](file), name: #require(ZoneName(name)))
    }

    private static func seconds(_ text: String) throws -> Int64 {
        Int64(try Date(text, strategy: .iso8601).timeIntervalSince1970)
    }

    @Test(arguments: ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Sydney"])
    func offsetsAreFoundations(name: String) throws {
        let zone = try Self.zone(name)
        let oracle = try #require(TimeZone(identifier: name))
        // Every day and some of 40 years: from where the changes are listed to where a rule has them.
        let different = stride(from: Int64(1_000_000_000), to: 2_260_000_000, by: 101_220).filter { time in
            zone.offset(at: time) != Int64(oracle.secondsFromGMT(for: Date(timeIntervalSince1970: Double(time))))
        }
        #expect(different == [])
    }

    /// Every quarter of an hour of the days about both changes, for some years on both sides of 2037, where lists of changes end.
    @Test(arguments: ["Europe/Berlin", "America/New_York"], [2026, 2027, 2036, 2040])
    func localTimesAreFoundations(name: String, year: Int) throws {
        let zone = try Self.zone(name)
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(identifier: name))
        var skipped = 0
        var doubled = 0
        for (month, days) in [(3, 7...31), (10, 24...31), (11, 1...8)] {
            for day in days {
                for quarter in 0..<96 {
                    let date = try #require(CivilDay(year: Int64(year), month: Int64(month), day: Int64(day)))
                    let local = date.midnight + Int64(quarter) * 900
                    let instant = zone.instant(ofLocal: local)
                    let wanted = DateComponents(
                        year: year,
                        month: month,
                        day: day,
                        hour: quarter / 4,
                        minute: quarter % 4 * 15,
                        second: 0
                    )
                    let found = calendar.nextDate(
                        after: Date(timeIntervalSince1970: Double(local - 86_400)),
                        matching: wanted,
                        matchingPolicy: .nextTime,
                        repeatedTimePolicy: .first
                    )
                    try #require(
                        instant == found.map { Int64($0.timeIntervalSince1970) },
                        "\(name) \(wanted)"
                    )
                    if zone.local(at: instant) != local { skipped += 1 }
                    if zone.local(at: instant + 3600) == local { doubled += 1 }
                }
            }
        }
        #expect(skipped == 4 && doubled == 4)
    }

    @Test func theHourThatIsSkippedAndTheHourThatIsTwice() throws {
        let berlin = try Self.zone("Europe/Berlin")
        let spring = try #require(CivilDay(year: 2027, month: 3, day: 28)).midnight
        let jump = try Self.seconds("2027-03-28T01:00:00Z")
        #expect(berlin.instant(ofLocal: spring + 7199) == jump - 1)
        for second: Int64 in [7200, 7201, 9000, 10_799, 10_800] {
            #expect(berlin.instant(ofLocal: spring + second) == jump)
        }
        #expect(berlin.instant(ofLocal: spring + 10_801) == jump + 1)
        let autumn = try #require(CivilDay(year: 2026, month: 10, day: 25)).midnight
        let back = try Self.seconds("2026-10-25T01:00:00Z")
        #expect(berlin.instant(ofLocal: autumn + 9000) == back - 1800, "02:30 for the first time")
        #expect(berlin.instant(ofLocal: autumn + 10_799) == back - 1)
        #expect(berlin.instant(ofLocal: autumn + 10_800) == back + 3600)
        #expect(berlin.text(back) == "2026-10-25 02:00:00 in Europe/Berlin (2026-10-25T01:00:00Z)")
    }

    /// Half an hour, at midnight, twice a year back and forth, and never again.
    @Test(arguments: ["Australia/Lord_Howe", "Africa/Cairo", "Africa/Casablanca", "Asia/Tehran", "Pacific/Apia"])
    func oddZonesAreInvertible(name: String) throws {
        let zone = try Self.zone(name)
        for time in stride(from: Int64(1_767_225_600), to: 1_800_000_000, by: 3600 * 5 + 1800) {
            let instant = zone.instant(ofLocal: zone.local(at: time))
            #expect(instant == time || (instant < time && zone.local(at: instant) == zone.local(at: time)))
        }
        var last = Int64.min
        for local in stride(from: Int64(1_767_225_600), to: 1_800_000_000, by: 3600 * 5 + 1800) {
            let instant = zone.instant(ofLocal: local)
            #expect(instant >= last, "time does not go back")
            last = instant
        }
    }

    @Test func yearlyRules() throws {
        func offset(_ rule: String, _ text: String) throws -> Int64? {
            YearlyClockRule(parsing: rule.utf8)?.offset(at: try Self.seconds(text))
        }
        #expect(try offset("CET-1CEST,M3.5.0,M10.5.0/3", "2050-07-01T00:00:00Z") == 7200)
        #expect(try offset("EST5EDT,M3.2.0,M11.1.0", "2050-01-01T00:00:00Z") == -18_000)
        #expect(try offset("<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", "2050-07-01T00:00:00Z") == -7200)
        #expect(try offset("XXX3EDT4,0/0,J365/23", "2050-12-31T12:00:00Z") == -14_400, "RFC 9636: summer all year")
        #expect(try offset("<+0530>-5:30", "2050-07-01T00:00:00Z") == 19_800)
        #expect(try offset("AEST-10AEDT,M10.1.0,M4.1.0/3", "2050-01-01T00:00:00Z") == 39_600)
        for text in [
            "", "C-1", "CET", "CET-25", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M3.5.0,M13.5.0",
            "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,J0,J366", "CET-1CEST,M3.5.0,M10.5.0/",
            "CET-1CEST,M3.5.0,M10.5.0 ", "<+1>-1", "<CET-1", "CET-1:60", "CET-1CEST,M3.5.0/168,M10.5.0",
            "CET-" + String(repeating: "9", count: 20),
        ] {
            #expect(YearlyClockRule(parsing: text.utf8) == nil, "\(text)")
        }
    }

    /// A file that is cut anywhere, or has one byte changed, is refused or is still a file; nothing traps.
    @Test func damagedFilesAreNoZones() throws {
        let name = try #require(ZoneName("Europe/Berlin"))
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/Europe/Berlin")))
        for length in bytes.indices {
            #expect(throws: MessageError.self) { try TimeZoneRules(parsing: Array(bytes.prefix(length)), name: name) }
        }
        for index in bytes.indices {
            for value: UInt8 in [0x7F, 0xFF] {
                var changed = bytes
                changed[index] = value
                guard let zone = try? TimeZoneRules(parsing: changed, name: name) else { continue }
                for time: Int64 in [CivilDay.range.lowerBound, 0, 1_800_000_000, CivilDay.range.upperBound] {
                    _ = zone.instant(ofLocal: zone.local(at: time))
                }
            }
        }
        #expect(throws: MessageError.self) {
            try TimeZoneRules(parsing: [UInt8](repeating: 0, count: TimeZoneRules.maximumFileSize + 1), name: name)
        }
    }

    @Test func namesCannotLeaveTheDatabase() {
        for name in ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "America/Port-au-Prince"] {
            #expect(ZoneName(name)?.text == name)
        }
        for name in [
            "", "/", "/etc/passwd", "../shadow", "Europe/../x", "Europe//Berlin", "Europe/", "Europe/.x", "a b", "1/x",
            "Europe\\Berlin", "tzdata.zi", String(repeating: "a", count: 65), "Europe/\0",
        ] {
            #expect(ZoneName(name) == nil, "\(name)")
        }
    }

    @Test func datesOfTheCalendar() throws {
        for number in stride(from: Int64(-719_162), to: 2_932_896, by: 997) {
            let date = CivilDay(number: number).date
            let day = try #require(CivilDay(year: date.year, month: date.month, day: date.day))
            try #require(day.number == number)
        }
        for text in ["2026-02-29", "2026-13-01", "2026-00-10", "2026-1-1", "2026-11-31", "0000-01-01", "26-11-01", ""] {
            #expect(CalendarDate(text) == nil, "\(text)")
        }
        #expect(CalendarDate("2028-02-29")?.description == "2028-02-29")
        #expect(CalendarDate("1970-01-01")?.day.number == 0)
    }
}
