import DurableFiles
import MeasuredBoot
import Messages
import TPMWire

/// A boot event by event, for machines that boot otherwise than by UEFI, shim and GRUB.
public struct BootScript: Sendable, Hashable, Codable {
    /// Product and version.
    public var name: String
    public var events: [Event]

    /// One event: what is logged of it, and what is measured.
    public struct Event: Sendable, Hashable, Codable {
        /// 0 to 23.
        public var pcr: Int
        /// As the TCG PC Client Platform Firmware Profile calls it (section 10.4.1), such as `EV_IPL`.
        public var type: String
        /// The event's data as text in UTF-8; nothing is put behind it.
        public var text: String?
        /// The same as UCS-2 with a zero behind it, as firmware writes its version.
        public var ucs2: String?
        /// The same in hexadecimal.
        public var hex: String?
        /// What is measured, as a name that stands for bytes derived from it; without it and `file` the data are measured.
        public var contents: String?
        /// A file whose bytes are measured; the path begins where the command runs.
        public var file: String?
        /// Which tampering changes what is measured.
        public var changedBy: [Tamper]?
    }

    /// The most bytes of a file that is measured.
    private static let maximumFile = 1 << 30
    /// More events than any machine's.
    private static let maximumEvents = 10_000

    /// Says what cannot be, before anything boots.
    func check(_ path: String) throws(SoftwareDeviceError) {
        func require(_ holds: Bool, _ number: Int, _ detail: String) throws(SoftwareDeviceError) {
            guard holds else { throw SoftwareDeviceError(.input, "\(path), event \(number): \(detail)") }
        }
        guard (1...Self.maximumEvents).contains(events.count) else {
            throw SoftwareDeviceError(.input, "\(path): a boot has 1 to \(Self.maximumEvents) events")
        }
        for (index, event) in events.enumerated() {
            let number = index + 1
            try require((0...23).contains(event.pcr), number, "\"pcr\" is 0 to 23")
            try require(event.measuredType != nil, number, "\"type\" is no measured event of the profile")
            let data = [event.text, event.ucs2, event.hex].count { $0 != nil }
            try require(data <= 1, number, "its data are \"text\" or \"ucs2\" or \"hex\"")
            try require(event.data != nil, number, "\"hex\" is not hexadecimal")
            try require(event.contents == nil || event.file == nil, number, "\"contents\" or \"file\" is measured")
        }
    }

    func measured(_ tamper: Set<Tamper>) throws(SoftwareDeviceError) -> [MeasuredEvent] {
        let possible = Set(events.flatMap { $0.changedBy ?? [] })
        guard tamper.isSubset(of: possible) else {
            throw SoftwareDeviceError(
                .input,
                "nobody can change that in \(name): its events name "
                    + (possible.isEmpty ? "nothing" : possible.map(\.rawValue).sorted().joined(separator: ", "))
            )
        }
        var measured: [MeasuredEvent] = []
        for event in events { measured.append(try event.measured(tamper)) }
        return measured
    }

    /// The bytes of a measured file.
    fileprivate static func read(_ path: String) throws(SoftwareDeviceError) -> [UInt8] {
        do throws(FileError) {
            return try BoundedFile.read(path, limit: maximumFile)
        } catch {
            throw SoftwareDeviceError(error)
        }
    }
}

extension BootScript.Event {
    /// Nil for a type that the profile does not have, and for EV_NO_ACTION, which is never measured.
    fileprivate var measuredType: EventType? {
        let known = Array(0...0x13 as ClosedRange<UInt32>) + Array(0x8000_0001...0x8000_00E2)
        return known.lazy.map(EventType.init).first { $0.isKnown && $0.description == type && $0 != .noAction }
    }

    fileprivate var data: [UInt8]? {
        if let text { return Array(text.utf8) }
        if let ucs2 { return .ucs2(ucs2, terminated: true) }
        guard let hex else { return [] }
        return LowercaseHex.decode(hex)
    }

    fileprivate func measured(_ tamper: Set<Tamper>) throws(SoftwareDeviceError) -> MeasuredEvent {
        let data = data ?? []
        var bytes = data
        if let contents { bytes = Contents.of(contents) }
        if let file { bytes = try BootScript.read(file) }
        // Whatever it was, it is something else now.
        if !tamper.isDisjoint(with: changedBy ?? []) { bytes += Array(", changed by somebody".utf8) }
        return MeasuredEvent(pcr, type: measuredType ?? .action, data: data, measuring: bytes)
    }
}
