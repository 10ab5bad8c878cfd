public import Messages

/// A birth as it was imported.
public struct StoredBirth: Hashable, Sendable {
    /// The signed envelope's exact bytes.
    public var envelope: [UInt8]
    /// The birth record's exact bytes, out of the envelope.
    public var payload: [UInt8]
    /// When it was imported, in seconds since 1970.
    public var importedAt: Int64

    /// Joins the parts.
    public init(envelope: [UInt8], payload: [UInt8], importedAt: Int64) {
        self.envelope = envelope
        self.payload = payload
        self.importedAt = importedAt
    }
}

/// What a station signed when it restored an instance.
public struct StoredRestoration: Hashable, Sendable {
    /// The instance.
    public var instance: InstanceID
    /// How often it was restored, this time included.
    public var number: UInt32
    /// SHA-256 of the statement's bytes.
    public var statement: ContentDigest
    /// The signed envelope's exact bytes.
    public var envelope: [UInt8]
    /// When it was imported, in seconds since 1970.
    public var importedAt: Int64

    /// Joins the parts.
    public init(
        instance: InstanceID,
        number: UInt32,
        statement: ContentDigest,
        envelope: [UInt8],
        importedAt: Int64
    ) {
        self.instance = instance
        self.number = number
        self.statement = statement
        self.envelope = envelope
        self.importedAt = importedAt
    }
}

/// A bundle of births that came from a station.
public struct StoredBundle: Hashable, Sendable {
    /// The station.
    public var station: Label
    /// Its place in the station's sequence.
    public var number: Int64
    /// SHA-256 of its list, which names everything in it.
    public var digest: ContentDigest
    /// When it came, in seconds since 1970.
    public var importedAt: Int64

    /// Joins the parts.
    public init(station: Label, number: Int64, digest: ContentDigest, importedAt: Int64) {
        self.station = station
        self.number = number
        self.digest = digest
        self.importedAt = importedAt
    }
}

/// What came of one station's sequence.
public struct StoredSequence: Hashable, Sendable {
    /// The station.
    public var station: Label
    /// How many bundles were taken over.
    public var bundles: Int64
    /// The highest number among those that came.
    public var latest: Int64
    /// The numbers below it that did not come, ascending; at most `StationReport.maximumGaps` ranges.
    public var missing: [NumberRange]
    /// Bundles whose take-over began and did not end, ascending; at most `StationReport.maximumGaps`.
    public var unfinished: [Int64]

    /// Joins the parts.
    public init(station: Label, bundles: Int64, latest: Int64, missing: [NumberRange], unfinished: [Int64]) {
        self.station = station
        self.bundles = bundles
        self.latest = latest
        self.missing = missing
        self.unfinished = unfinished
    }
}
