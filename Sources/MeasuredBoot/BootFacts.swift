/// A statement about the boot and the event that carries it.
public struct Fact<Value: Sendable>: Sendable {
    public let value: Value
    /// The index of the event in the log.
    public let event: Int

    init(_ value: Value, event: Int) {
        self.value = value
        self.event = event
    }
}

extension Fact: Equatable where Value: Equatable {}
extension Fact: Hashable where Value: Hashable {}

/// The events by which the boot loader handed over to the operating system, where the log has them (PCR 5).
public struct ExitBootServices: Hashable, Sendable {
    /// The index in the log of the event before the call; `nil` when there is none.
    public internal(set) var invoked: Int?
    /// The index of the event after it.
    public internal(set) var returned: Int?
}

/// What a log that was confirmed by a quote says about the boot.
///
/// Only what is authentic is said: digests of confirmed PCRs, data that hashes to them, and their order within one PCR.
/// What Secure Boot and the firmware measured counts only from before the separator: after it, an operating system can
/// extend the same PCRs with whatever it likes.
public struct BootFacts: Sendable {
    public let log: AuthenticatedLog
    public let secureBoot: SecureBootFact
    /// The version the CRTM states of itself (EV_S_CRTM_VERSION): text, a GUID, or hexadecimal.
    public let firmwareVersion: Fact<String>?
    /// What was loaded and measured into PCR 4 after the firmware's own part, in order: boot loaders and kernels.
    public let bootApplications: [MeasuredImage]
    /// What was loaded before the separator of PCR 4: applications of the firmware itself.
    public let firmwareApplications: [MeasuredImage]
    /// What the firmware announced because it weakens the boot.
    public let alarms: [Fact<BootAlarm>]
    public let exitBootServices: ExitBootServices
    /// Where the order of events is not the specified one.
    public let violations: [OrderViolation]

    let order: BootOrder

    /// Reads the facts of a confirmed log.
    public init(_ log: AuthenticatedLog) {
        var order = BootOrder(log)
        let secureBoot = SecureBootFact(log, &order)
        let images = MeasuredImage.all(in: log, order)
        self.log = log
        self.secureBoot = secureBoot
        self.order = order
        firmwareVersion = Self.firmwareVersion(log, order)
        bootApplications = images.filter { !$0.isBeforeSeparator }
        firmwareApplications = images.filter(\.isBeforeSeparator)
        alarms = order.alarms
        exitBootServices = order.exitBootServices
        violations = order.violations
    }

    /// The version, from before the separator of PCR 0 and stated once.
    private static func firmwareVersion(_ log: AuthenticatedLog, _ order: BootOrder) -> Fact<String>? {
        var found: Fact<String>?
        let events = log.log.events.span
        for index in events.indices
        where events[index].pcr == 0 && events[index].unverifiedType == .crtmVersion
            && order.isBeforeSeparator(events[index], index)
        {
            guard found == nil, let data = log.authenticData(of: events[index]) else { return nil }
            found = Fact(FirmwareVersion.text(data), event: index)
        }
        return found
    }
}

/// An image that was measured when it was loaded (EV_EFI_BOOT_SERVICES_APPLICATION).
public struct MeasuredImage: Hashable, Sendable {
    /// The Authenticode digest of the image, in the log's bank.
    public let digest: [UInt8]
    /// The index of the event in the log.
    public let event: Int
    /// Whether it was measured before the separator of PCR 4.
    public let isBeforeSeparator: Bool

    private static let applicationPCR = 4
    /// The longest of the strings that firmware measures between images.
    private static let actionSize = 128

    /// All images of PCR 4: every event but separators and such whose data is text that hashes to the digest.
    ///
    /// Types are not asked: an image relabelled as an action would have to be text with the digest of the image.
    static func all(in log: AuthenticatedLog, _ order: BootOrder) -> [MeasuredImage] {
        var images: [MeasuredImage] = []
        let events = log.log.events.span
        for index in events.indices
        where events[index].pcr == applicationPCR && index != order.separators[applicationPCR] {
            let event = events[index]
            guard let digest = log.digest(of: event) else { continue }
            if event.data.count <= actionSize, event.unverifiedType != .efiBootServicesApplication,
                let text = log.authenticData(of: event),
                text.allSatisfy({ 0x20..<0x7F ~= $0 }) || event.unverifiedType == .separator
            {
                continue
            }
            images.append(
                MeasuredImage(
                    digest: Array(digest),
                    event: index,
                    isBeforeSeparator: order.isBeforeSeparator(event, index)
                )
            )
        }
        return images
    }
}

/// The forms in which firmware states its version.
enum FirmwareVersion {
    private static let guidSize = 16

    static func text(_ data: ArraySlice<UInt8>) -> String {
        let bytes = Array(data)
        if bytes.count >= 2, bytes.suffix(2) == [0, 0], let text = EventText.utf16(data) { return text }
        if bytes.allSatisfy({ 0x20..<0x7F ~= $0 || $0 == 0 }), let text = EventText.utf8(data) { return text }
        // A GUID's first three fields are integers, which memory holds the other way round (RFC 9562 section 4).
        guard bytes.count == guidSize else { return hexadecimal(bytes) }
        let fields = Array(bytes[0..<4].reversed() + bytes[4..<6].reversed() + bytes[6..<8].reversed() + bytes[8...])
        return hexadecimal(fields, dashesBefore: [4, 6, 8, 10])
    }

    private static func hexadecimal(_ bytes: [UInt8], dashesBefore dashes: [Int] = []) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(2 * bytes.count + dashes.count)
        for (index, byte) in bytes.enumerated() {
            if dashes.contains(index) { text.append(UInt8(ascii: "-")) }
            for digit in [byte >> 4, byte & 0x0F] {
                text.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
