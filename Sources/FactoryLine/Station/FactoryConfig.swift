import Messages

/// What a station is called and how long its word counts; a file that people may read and should not need to edit.
struct FactoryConfig: Codable, Hashable, Sendable {
    /// 2 is the only one: stations of format 1 did not expire.
    var formatVersion: Int
    /// The station, as birth records name it.
    var name: Label
    /// The seconds since 1970 from and until which its births count.
    var from: Int64
    var until: Int64

    static let maximumSize = 64 << 10

    init(name: Label, from: Int64, until: Int64) {
        formatVersion = 2
        self.name = name
        self.from = from
        self.until = until
    }

    init(parsing bytes: [UInt8]) throws(MessageError) {
        self = try EditedJSON.decode(FactoryConfig.self, from: bytes, limit: Self.maximumSize)
        guard formatVersion == 2 else {
            throw MessageError(.outOfRange, "factory configuration format \(formatVersion) is not known here")
        }
    }
}
