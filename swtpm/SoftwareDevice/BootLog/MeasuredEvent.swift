import MeasuredBoot

/// One measurement of a boot: what is extended, and what the log says about it.
struct MeasuredEvent {
    /// Event types (TCG PC Client Platform Firmware Profile, section 10.4.1).
    enum Kind: UInt32 {
        case noAction = 0x0000_0003
        case separator = 0x0000_0004
        case crtmVersion = 0x0000_0008
        case ipl = 0x0000_000D
        case variableDriverConfig = 0x8000_0001
        case variableBoot = 0x8000_0002
        case bootServicesApplication = 0x8000_0003
        case action = 0x8000_0007
        case platformFirmwareBlob = 0x8000_0008
        case variableAuthority = 0x8000_00E0
    }

    let pcr: Int
    let type: EventType
    /// The bytes whose digest is extended.
    let measured: [UInt8]
    /// The event data in the log.
    let data: [UInt8]

    init(_ pcr: Int, _ kind: Kind, data: [UInt8], measuring measured: [UInt8]) {
        self.init(pcr, type: EventType(rawValue: kind.rawValue), data: data, measuring: measured)
    }

    init(_ pcr: Int, type: EventType, data: [UInt8], measuring measured: [UInt8]) {
        self.pcr = pcr
        self.type = type
        self.measured = measured
        self.data = data
    }

    /// The type, where it is one of those that the machines here measure.
    var kind: Kind? { Kind(rawValue: type.rawValue) }

    /// An event whose data are what is measured.
    init(_ pcr: Int, _ kind: Kind, _ data: [UInt8]) {
        self.init(pcr, kind, data: data, measuring: data)
    }
}

/// Bytes that stand for the contents of something: an image, a certificate, a key.
enum Contents {
    /// - Parameter size: How many bytes; 32 are enough where only a digest shows.
    static func of(_ name: String, size: Int = 32) -> [UInt8] {
        var bytes: [UInt8] = []
        var block = 0
        while bytes.count < size {
            bytes += Digests.sha256(Array("birthmark software device: \(name): \(block)".utf8))
            block += 1
        }
        return Array(bytes.prefix(size))
    }
}
