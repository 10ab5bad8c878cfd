import CommandLineContract
import FoundationEssentials

/// A moment as people type it.
enum Moment {
    /// Reads `2026-11-23`, its first second in UTC, or `2026-11-23T15:04:05Z`.
    /// - Returns: seconds since 1970.
    static func parse(_ text: String, option: String) throws(CommandFailure) -> Int64 {
        let whole = text.contains("T") ? text : text + "T00:00:00Z"
        // Read back: 30 February is no date.
        guard let date = try? Date(whole, strategy: .iso8601),
            UTCTime.text(Int64(date.timeIntervalSince1970)) == whole
        else {
            throw CommandFailure(.malformed, "\(option) takes a date such as 2026-11-23 or 2026-11-23T15:04:05Z")
        }
        return Int64(date.timeIntervalSince1970)
    }

    /// Reads the same, or seconds since 1970.
    static func parse(dateOrSeconds text: String, option: String) throws(CommandFailure) -> Int64 {
        let isNumber = text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        // With fewer digits it is a year or a date without its dashes that somebody meant, and not a moment before 1973.
        if isNumber, text.utf8.count > 8, let seconds = Int64(text) { return seconds }
        return try parse(text, option: option)
    }
}
