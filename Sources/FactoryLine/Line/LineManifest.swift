public import Messages

/// Which devices a line is to make, and at which TPM each is.
///
/// A file for people and for other programs: JSON, or a table in CSV with the same names in its first line. What a device
/// does not say is said for all of them by the defaults.
public struct LineManifest: Hashable, Sendable {
    /// The devices, in the order in which they are begun.
    public let devices: [LineDevice]

    /// The most bytes of a manifest: 10,000 devices with everything spelt out.
    public static let maximumSize = 16 << 20
    /// The most devices of one manifest.
    public static let maximumDevices = 20_000

    /// Reads a manifest; JSON begins with a brace, everything else is CSV.
    /// - Parameter defaults: what was said for all devices beside the file; the file's own defaults come first.
    /// - Throws: `MessageError` that names the device and the part that is missing, doubled or not understood.
    public init(parsing bytes: [UInt8], defaults: LineEntry = LineEntry()) throws(MessageError) {
        guard bytes.count <= Self.maximumSize else {
            throw MessageError(.tooLarge, "\(bytes.count) bytes, at most \(Self.maximumSize) are accepted")
        }
        let isJSON = bytes.first { !($0 == 0x20 || (0x09...0x0D).contains($0)) } == UInt8(ascii: "{")
        let file =
            isJSON ? try EditedJSON.decode(File.self, from: bytes, limit: Self.maximumSize) : try File(csv: bytes)
        guard file.formatVersion == 1 else {
            throw MessageError(.outOfRange, "\"formatVersion\" is \(file.formatVersion), and only 1 is known here")
        }
        guard (1...Self.maximumDevices).contains(file.devices.count) else {
            throw MessageError(.outOfRange, "\(file.devices.count) devices; a manifest has 1 to \(Self.maximumDevices)")
        }
        let shared = (file.defaults ?? LineEntry()).completed(by: defaults)
        var devices: [LineDevice] = []
        var serials: Set<Label> = []
        var tpms: Set<String> = []
        for (index, entry) in file.devices.enumerated() {
            let device = try LineDevice(entry.completed(by: shared), number: index + 1)
            guard serials.insert(device.order.serial).inserted else {
                throw MessageError(.outOfRange, "device \(index + 1): the serial \(device.order.serial) stands twice")
            }
            guard tpms.insert(device.tcti).inserted else {
                throw MessageError(.outOfRange, "device \(index + 1): the TPM \(device.tcti) stands twice")
            }
            devices.append(device)
        }
        self.devices = devices
    }

    private struct File: Codable {
        var formatVersion: Int
        var defaults: LineEntry?
        var devices: [LineEntry]

        /// A table: names of parts in the first line, then a device a line; an empty field is one that is left out.
        init(csv bytes: [UInt8]) throws(MessageError) {
            formatVersion = 1
            var rows = try CSVTable(parsing: bytes).rows[...]
            guard let names = rows.popFirst() else { throw MessageError(.malformed, "the table is empty") }
            devices = []
            for row in rows {
                guard row.fields.count == names.fields.count else {
                    throw MessageError(
                        .malformed,
                        "line \(row.line): \(row.fields.count) fields, and the first line has \(names.fields.count)"
                    )
                }
                var entry = LineEntry()
                for (name, value) in zip(names.fields, row.fields) where !value.isEmpty {
                    try entry.set(name, value, line: row.line)
                }
                devices.append(entry)
            }
        }
    }
}

/// What a manifest says of one device; what is absent comes from the defaults.
public struct LineEntry: Hashable, Sendable, Codable {
    public var serial: Label?
    public var model: Label?
    public var hardwareRevision: Label?
    public var environment: Label?
    /// Hardware (`tpm`, the default) or virtual (`vtpm`).
    public var tier: Tier?
    public var package: Label?
    public var packageVersion: Label?
    public var securityVersion: UInt64?
    /// The profile's file.
    public var profile: String?
    /// Where the TPM is, as tpm2-tools spell it.
    public var tcti: String?
    /// The event log's file, if the board has one.
    public var eventLog: String?

    /// Says nothing.
    public init() {}

    func completed(by other: LineEntry) -> LineEntry {
        var whole = self
        whole.serial = serial ?? other.serial
        whole.model = model ?? other.model
        whole.hardwareRevision = hardwareRevision ?? other.hardwareRevision
        whole.environment = environment ?? other.environment
        whole.tier = tier ?? other.tier
        whole.package = package ?? other.package
        whole.packageVersion = packageVersion ?? other.packageVersion
        whole.securityVersion = securityVersion ?? other.securityVersion
        whole.profile = profile ?? other.profile
        whole.tcti = tcti ?? other.tcti
        whole.eventLog = eventLog ?? other.eventLog
        return whole
    }

    mutating func set(_ name: String, _ value: String, line: Int) throws(MessageError) {
        func understood<Value>(_ read: Value?) throws(MessageError) -> Value {
            guard let read else {
                throw MessageError(.malformed, "line \(line): \(name) cannot be \"\(value.prefix(60))\"")
            }
            return read
        }
        switch name {
        case "serial": serial = try understood(Label(value))
        case "model": model = try understood(Label(value))
        case "hardwareRevision": hardwareRevision = try understood(Label(value))
        case "environment": environment = try understood(Label(value))
        case "tier": tier = try understood(Tier(rawValue: value))
        case "package": package = try understood(Label(value))
        case "packageVersion": packageVersion = try understood(Label(value))
        case "securityVersion": securityVersion = try understood(UInt64(value))
        case "profile": profile = value
        case "tcti": tcti = value
        case "eventLog": eventLog = value
        default: throw MessageError(.malformed, "\"\(name.prefix(60))\" in the first line is no part of a device")
        }
    }
}

/// One device that a line is to make.
public struct LineDevice: Hashable, Sendable {
    public let order: BirthOrder
    public let profile: String
    public let tcti: String
    public let eventLog: String?

    init(_ entry: LineEntry, number: Int) throws(MessageError) {
        func given<Value>(_ value: Value?, _ name: String) throws(MessageError) -> Value {
            guard let value else { throw MessageError(.malformed, "device \(number): \"\(name)\" is missing") }
            return value
        }
        let tier = entry.tier ?? .tpm
        guard tier != .compensated else {
            throw MessageError(
                .outOfRange,
                "device \(number): \"tier\" is tpm or vtpm; what has no TPM is not born here"
            )
        }
        order = BirthOrder(
            serial: try given(entry.serial, "serial"),
            model: try given(entry.model, "model"),
            hardwareRevision: try given(entry.hardwareRevision, "hardwareRevision"),
            environment: try given(entry.environment, "environment"),
            tier: tier,
            bornWith: BornWith(
                name: try given(entry.package, "package"),
                version: try given(entry.packageVersion, "packageVersion"),
                securityVersion: try given(entry.securityVersion, "securityVersion")
            )
        )
        profile = try given(entry.profile, "profile")
        tcti = try given(entry.tcti, "tcti")
        eventLog = entry.eventLog
    }
}
