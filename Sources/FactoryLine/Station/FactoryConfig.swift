import Messages

/// What a station is called; a file that people may read and should not need to edit.
struct FactoryConfig: Codable, Hashable, Sendable {
    var formatVersion: Int
    /// The station, as birth records name it.
    var name: Label

    static let maximumSize = 64 << 10

    init(name: Label) {
        formatVersion = 1
        self.name = name
    }

    init(parsing bytes: [UInt8]) throws(MessageError) {
        self = try EditedJSON.decode(FactoryConfig.self, from: bytes, limit: Self.maximumSize)
        guard formatVersion == 1 else {
            throw MessageError(.outOfRange, "factory configuration format \(formatVersion) is not known here")
        }
    }
}
