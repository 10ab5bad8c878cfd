import Messages

/// What a factory's CA is called, and where its keys are.
struct AuthorityConfig: Codable, Hashable, Sendable {
    var formatVersion: Int
    var name: Label
    var rootKey: KeyLocation
    var issuingKey: KeyLocation

    static let maximumSize = 64 << 10

    init(name: Label, rootKey: KeyLocation, issuingKey: KeyLocation) {
        formatVersion = 1
        self.name = name
        self.rootKey = rootKey
        self.issuingKey = issuingKey
    }

    init(parsing bytes: [UInt8]) throws(MessageError) {
        self = try EditedJSON.decode(AuthorityConfig.self, from: bytes, limit: Self.maximumSize)
        guard formatVersion == 1 else {
            throw MessageError(.outOfRange, "CA configuration format \(formatVersion) is not known here")
        }
    }
}
