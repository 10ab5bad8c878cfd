public import Messages

/// Which devices a line is to make, and at which TPM each is.
///
/// A file for people and for other programs: JSON, or a table in CSV with the same names in its first line. What a device
/// does not say is said for all of them by the defaults.
public struct OrderList: Hashable, Sendable {
    /// The devices, in the order in which they are begun.
    public let devices: [LineDevice]

    /// The most bytes of an order list: 10,000 devices with everything spelt out.
    public static let maximumSize = 16 << 20
    /// The most devices of one list.
    static let maximumDevices = 20_000

    /// Reads an order list; JSON begins with a brace, everything else is CSV.
    /// - Parameters:
    ///   - defaults: what was said for all devices beside the file; the file's own defaults come first.
    ///   - slots: the station's slots, where a device may say its slot instead of its TPM; the file's own come first.
    /// - Throws: `MessageError` that names the device and the part that is missing, doubled or not understood.
    public init(
        parsing bytes: [UInt8],
        defaults: LineEntry = LineEntry(),
        slots: [LineSlot] = []
    ) throws(MessageError) {
        let file = try LineFile(parsing: bytes, defaults: defaults, slots: slots)
        var devices: [LineDevice] = []
        var tpms: Set<String> = []
        for (index, entry) in file.devices.enumerated() {
            let number = index + 1
            let order = try LineOrder(entry, number: number)
            let slot = file.slots.first { $0.name == order.slot }
            guard let tcti = entry.tcti ?? slot?.tcti else {
                throw MessageError(.malformed, "device \(number): \"tcti\" is missing")
            }
            guard tpms.insert(tcti).inserted else {
                throw MessageError(.outOfRange, "device \(number): the TPM \(tcti) stands twice")
            }
            devices.append(LineDevice(order, tcti: tcti, eventLog: slot?.eventLog))
        }
        self.devices = devices
    }
}

/// One device that a line is to make, and where its TPM is.
public struct LineDevice: Hashable, Sendable {
    public let order: BirthOrder
    public let profile: String
    public let tcti: String
    public let eventLog: String?

    /// - Parameter eventLog: that of the slot, for a device that says none of its own.
    init(_ order: LineOrder, tcti: String, eventLog: String?) {
        self.order = order.order
        profile = order.profile
        self.tcti = tcti
        self.eventLog = order.eventLog ?? eventLog
    }

    /// A device that is on record, in whose TPM nothing of this boot is to be signed.
    init(_ order: BirthOrder, profile: String, tcti: String) {
        self.order = order
        self.profile = profile
        self.tcti = tcti
        eventLog = nil
    }
}
