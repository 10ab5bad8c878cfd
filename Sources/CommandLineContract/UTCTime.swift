import FoundationEssentials

/// Times for people.
public enum UTCTime {
    /// `2026-11-23T15:04:05Z` (RFC 3339) for seconds since 1970.
    public static func text(_ seconds: Int64) -> String {
        Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601)
    }

    /// Now, in seconds since 1970.
    public static var now: Int64 { Int64(Date().timeIntervalSince1970.rounded(.down)) }
}
