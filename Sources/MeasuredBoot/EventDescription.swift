import Wording

/// What one event of a log says, for a person.
public struct EventDescription: Hashable, Sendable {
    /// The index of the event in the log.
    public let event: Int
    public let pcr: Int
    /// The kind the log claims: nothing authenticates it.
    public let unverifiedType: EventType
    /// The digest that was extended, in the log's bank; nil when there is none.
    public let digest: [UInt8]?
    /// What the data says, in words; nil when nothing is known to be said by it.
    public let meaning: String?
    /// Whether the words are read from data that hashes to the digest; otherwise they are a claim of the log.
    public let isAuthentic: Bool
}

extension AuthenticatedLog {
    /// What an event says; nil when there is no such event.
    ///
    /// Costs one hash of the event's data.
    public func description(of index: Int) -> EventDescription? {
        guard log.events.indices.contains(index) else { return nil }
        let event = log.events[index]
        let words = EventWords(event, in: self)
        return EventDescription(
            event: index,
            pcr: event.pcr,
            unverifiedType: event.unverifiedType,
            digest: digest(of: event).map(Array.init),
            meaning: words.text.map(EventWords.bounded),
            isAuthentic: words.isAuthentic
        )
    }
}

/// The data of an event in words.
private struct EventWords {
    let text: String?
    let isAuthentic: Bool

    /// Enough for a command line that a person can read.
    private static let maximumLength = 400

    static func bounded(_ text: String) -> String {
        text.count <= maximumLength ? text : text.prefix(maximumLength) + "…"
    }

    private init(_ text: String?, authentic: Bool = false) {
        self.text = text
        isAuthentic = authentic && text != nil
    }

    init(_ event: EventLog.Event, in log: borrowing AuthenticatedLog) {
        let bytes = log.log.bytes.span
        if let digest = log.digestOffset(of: event, bytes),
            let landmark = KnownDigests.of(log.hash).landmark(bytes, at: digest)
        {
            // Known by its digest, whatever the data is.
            self.init(Self.words(landmark), authentic: true)
            return
        }
        let data = log.log.unverifiedData(of: event)
        let isAuthentic = log.isMeasured(event.data, by: event)
        switch event.unverifiedType {
        case .noAction: self.init(Self.note(data))
        case .crtmVersion: self.init("firmware version " + FirmwareVersion.text(data), authentic: isAuthentic)
        case .efiBootServicesApplication, .efiBootServicesDriver, .efiRuntimeServicesDriver:
            self.init(DevicePath.file(inLoadEvent: data).map { "image " + $0 })
        case .efiPlatformFirmwareBlob where data.count == 16:
            let address = LittleEndian.uint64(bytes, at: event.data.lowerBound)
            let size = LittleEndian.uint64(bytes, at: event.data.lowerBound + 8)
            self.init("\(size) bytes of firmware at 0x" + String(address, radix: 16))
        case .eventTag: self.init(EventText.utf8(data.dropFirst(8)))
        default: self.init(event, data, isAuthentic, in: log)
        }
    }

    private init(
        _ event: EventLog.Event,
        _ data: ArraySlice<UInt8>,
        _ isAuthentic: Bool,
        in log: borrowing AuthenticatedLog
    ) {
        if let variable = VariableData(log.log.bytes.span, in: event.data),
            let name = EventText.utf16(log.log.bytes[variable.name])
        {
            // EV_EFI_VARIABLE_BOOT measures the value alone (PFP section 10.4.1).
            let contents = log.log.bytes[variable.contents]
            self.init(
                "variable \(name): \(Self.value(contents, of: name))",
                authentic: isAuthentic || log.isMeasured(contents, by: event)
            )
        } else if let string = MeasuredString(event, in: log), let text = string.text(in: log), !text.isEmpty {
            self.init(text, authentic: true)
        } else {
            self.init(EventText.utf8(data).flatMap { $0.isEmpty ? nil : $0 }, authentic: isAuthentic)
        }
    }

    private static func words(_ landmark: Landmark) -> String {
        switch landmark {
        case .separator: "separator"
        case .errorSeparator: "separator that reports an error"
        case .callingApplication: "Calling EFI Application from Boot Option"
        case .exitBootServicesInvocation: "Exit Boot Services Invocation"
        case .exitBootServicesSuccess: "Exit Boot Services Returned with Success"
        case .alarm(let alarm): alarm.rawValue
        }
    }

    private static func note(_ data: ArraySlice<UInt8>) -> String? {
        if case .locality(let locality) = StartupLocality.parse(data) { return "start-up locality \(locality)" }
        return EventText.utf8(data.prefix { $0 != 0 })
    }

    private static func value(_ contents: ArraySlice<UInt8>, of name: String) -> String {
        if contents.isEmpty { return "empty" }
        if let known = SecureBootVariable(rawValue: name), known != .secureBoot,
            let database = SignatureDatabase(parsing: contents)
        {
            return [
                Counted.of(database.certificates.count, "certificate"),
                Counted.of(database.hashes.count, "hash", "hashes"),
                Counted.of(database.others, "other entry", "other entries"),
            ].joined(separator: ", ")
        }
        if contents.count <= 8 { return contents.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
        return Counted.of(contents.count, "byte")
    }
}

/// The path of an image in UEFI_IMAGE_LOAD_EVENT (PFP section 10.2.3): nothing measures it.
enum DevicePath {
    // Address, length and link-time address of the image, and the length of the path.
    private static let headerSize = 32
    // UEFI specification, chapter Device Path: media device path, file path.
    private static let mediaType: UInt8 = 4
    private static let filePath: UInt8 = 4

    static func file(inLoadEvent data: ArraySlice<UInt8>) -> String? {
        guard data.count > headerSize else { return nil }
        var rest = data.dropFirst(headerSize)
        var parts: [String] = []
        while rest.count >= 4 {
            let start = rest.startIndex
            let size = Int(rest[start + 2]) | Int(rest[start + 3]) << 8
            guard size >= 4, size <= rest.count else { return nil }
            if rest[start] == mediaType, rest[start + 1] == filePath,
                let part = EventText.utf16(rest[start + 4..<start + size])
            {
                parts.append(part)
            }
            rest = rest.dropFirst(size)
        }
        return parts.isEmpty ? nil : parts.joined()
    }
}
