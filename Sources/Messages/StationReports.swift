/// Consecutive numbers of a station's sequence.
public struct NumberRange: Hashable, Sendable, Codable {
    /// The first number.
    public var first: Int64
    /// The last number.
    public var last: Int64

    /// Joins both.
    public init(first: Int64, last: Int64) {
        self.first = first
        self.last = last
    }
}

/// What a verifier has of one station: `GET /v1/births/stations`.
public struct StationReport: Hashable, Sendable, Codable {
    /// The station.
    public var station: Label
    /// The seconds since 1970 from and until which its word counts; absent when it is trusted no longer.
    public var from: Int64?
    public var until: Int64?
    /// How many of its bundles were taken over.
    public var bundles: Int64
    /// The highest number among those that came; 0 while none did.
    public var latest: Int64
    /// The numbers below it that have not arrived.
    public var missing: [NumberRange]
    /// Bundles whose take-over was interrupted: they must be brought again.
    public var unfinished: [Int64]

    /// The most entries of `missing` and of `unfinished`; what is beyond them shows when they are mended.
    public static let maximumGaps = 1000

    /// Joins the parts.
    public init(
        station: Label,
        from: Int64?,
        until: Int64?,
        bundles: Int64,
        latest: Int64,
        missing: [NumberRange],
        unfinished: [Int64]
    ) {
        self.station = station
        self.from = from
        self.until = until
        self.bundles = bundles
        self.latest = latest
        self.missing = missing
        self.unfinished = unfinished
    }
}

/// The answer to `GET /v1/births/stations`.
public struct StationList: Hashable, Sendable, Codable {
    /// By name.
    public var stations: [StationReport]

    /// The most bytes accepted.
    public static let maximumSize = 16 << 20

    /// Joins the reports.
    public init(stations: [StationReport]) { self.stations = stations }
}
