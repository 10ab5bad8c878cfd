import FoundationEssentials

/// What `device.json` says of a finished device.
public struct FinishedDevice: Sendable, Codable {
    public let manufacturer: String
    public let firmwareVersion: UInt64
    public let endorsementKeys: [EndorsementKey]
    public let banks: [String]
    /// What its keys follow from, where they do.
    public let seed: DeviceSeed?

    /// The most bytes of the file; a real one has 150.
    static let maximumSize = 64 << 10

    func write(to directory: DeviceDirectory) throws {
        try Data((directory.tcti + "\n").utf8).write(to: URL(filePath: directory.tctiFile), options: .atomic)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try encoder.encode(self).write(to: URL(filePath: directory.deviceFile), options: .atomic)
    }

    /// Reads the file of a finished device.
    public init(of directory: DeviceDirectory) throws {
        self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: URL(filePath: directory.deviceFile)))
    }

    init(
        manufacturer: String,
        firmwareVersion: UInt64,
        endorsementKeys: [EndorsementKey],
        banks: [String],
        seed: DeviceSeed?
    ) {
        self.manufacturer = manufacturer
        self.firmwareVersion = firmwareVersion
        self.endorsementKeys = endorsementKeys
        self.banks = banks
        self.seed = seed
    }
}
