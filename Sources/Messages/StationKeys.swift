/// The factory stations whose word makes a birth, each with its key and the time for which that counts.
///
/// A file that people hand from a station to a verifier, and may join with that of another station.
public struct StationKeys: Hashable, Sendable, Codable {
    /// The format; 1 is the only one.
    public var formatVersion: Int
    /// The stations; no two have a name or a key in common.
    public var stations: [StationKey]

    /// The most bytes of the file: some two hundred stations.
    public static let maximumSize = 64 << 10

    /// Makes a list; refused when two stations cannot be told apart, or one can never be valid.
    public init(_ stations: [StationKey]) throws(MessageError) {
        formatVersion = 1
        self.stations = stations
        try check()
    }

    /// Reads the file.
    public init(parsing bytes: [UInt8]) throws(MessageError) {
        self = try EditedJSON.decode(StationKeys.self, from: bytes, limit: Self.maximumSize)
        try check()
    }

    private func check() throws(MessageError) {
        guard formatVersion == 1 else {
            throw MessageError(.outOfRange, "station keys of format \(formatVersion) are not known here")
        }
        guard !stations.isEmpty else { throw MessageError(.outOfRange, "\"stations\" names no station") }
        guard Set(stations.map(\.name)).count == stations.count, Set(stations.map(\.key)).count == stations.count
        else { throw MessageError(.outOfRange, "two stations have one name or one key") }
        for (index, station) in stations.enumerated() {
            guard station.key.isUsable else {
                throw MessageError(.outOfRange, "\"stations[\(index)].key\" is not a public key of its algorithm")
            }
            guard station.from < station.until else {
                throw MessageError(.outOfRange, "\"stations[\(index)]\" ends before it begins")
            }
        }
    }

    /// The station with a key's id (`StatementKey.id`).
    public func station(keyID: String) -> StationKey? { stations.first { $0.key.id == keyID } }
}

/// One station's key, and the time for which births that it signs are accepted.
public struct StationKey: Hashable, Sendable, Codable {
    /// What the station is called in birth records and bundles.
    public var name: Label
    /// The key that signs them.
    public var key: StatementKey
    /// The first second, since 1970, at which its word counts.
    public var from: Int64
    /// The first second, since 1970, at which it no longer does.
    public var until: Int64

    /// Joins the parts.
    public init(name: Label, key: StatementKey, from: Int64, until: Int64) {
        self.name = name
        self.key = key
        self.from = from
        self.until = until
    }

    /// Whether its word counts at a time, in seconds since 1970.
    public func isValid(at time: Int64) -> Bool { from <= time && time < until }
}
