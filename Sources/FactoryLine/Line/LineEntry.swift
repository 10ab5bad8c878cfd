public import Messages

/// What an order list says of one device; what is absent comes from the defaults.
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
    /// The station's slot that the board is put in, instead.
    public var slot: Label?
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
        whole.slot = slot ?? other.slot
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
        case "slot": slot = try understood(Label(value))
        case "eventLog": eventLog = value
        default: throw MessageError(.malformed, "\"\(name.prefix(60))\" in the first line is no part of a device")
        }
    }
}

/// What a line is to make of one board, whichever board that will be.
struct LineOrder: Hashable, Sendable {
    let order: BirthOrder
    let profile: String
    let eventLog: String?
    /// The only slot in which it is made; any slot without it.
    let slot: Label?

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
        eventLog = entry.eventLog
        slot = entry.slot
    }
}
