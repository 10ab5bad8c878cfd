import FoundationEssentials

/// What `device.json` says of a finished device.
struct FinishedDevice: Encodable {
    let manufacturer: String
    let firmwareVersion: UInt64
    let endorsementKeys: [EndorsementKey]
    let banks: [String]
    /// What its keys follow from, where they do.
    let seed: DeviceSeed?

    /// The most bytes of the file; a real one has 150.
    static let maximumSize = 64 << 10

    func write(to directory: DeviceDirectory) throws {
        try Data((directory.tcti + "\n").utf8).write(to: URL(filePath: directory.tctiFile), options: .atomic)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try encoder.encode(self).write(to: URL(filePath: directory.deviceFile), options: .atomic)
    }
}
