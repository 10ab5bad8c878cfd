public import TPMWire
import Wording

/// A TCG event log as the firmware and boot loaders left it, parsed but not believed.
///
/// The log keeps its bytes and, for each event, where in them things stand; nothing is copied. What an event claims is
/// worth nothing until a replay of the log equals a quote (`Replay.authenticated(by:)`), and even then only digests,
/// and data that hashes to them, are authentic.
public struct EventLog: Sendable {
    /// How the events are laid out.
    public enum Format: Hashable, Sendable {
        /// TCG_PCR_EVENT2 after a Spec ID Event03 header: several digests for each event (PFP).
        case cryptoAgile
        /// TCG_PCR_EVENT: one SHA-1 digest for each event, as TPM 1.2 firmware wrote it.
        case sha1Legacy
    }

    /// The very bytes that were parsed.
    public let bytes: [UInt8]
    public let format: Format
    /// The banks the header lists, in its order; SHA-1 alone for a legacy log.
    public let banks: [AlgorithmID]
    /// The digest size of each bank.
    let sizes: [Int]
    /// All events, the header of a crypto-agile log among them as the first.
    public let events: [Event]
    /// What was tolerated.
    public let leniencies: [Leniency]

    /// Parses a log to its last byte.
    public init(parsing bytes: [UInt8]) throws(EventLogError) {
        var parser = try EventLogParser(bytes)
        try parser.parseEvents()
        self.bytes = bytes
        format = parser.format
        banks = parser.banks
        sizes = parser.sizes
        events = parser.events
        leniencies = parser.leniencies
    }

    /// One measurement, as ranges of the log's bytes.
    public struct Event: Hashable, Sendable {
        /// The PCR the log says was extended; a replay that equals a quote confirms it.
        public let pcr: Int
        /// The kind the log claims: nothing authenticates it.
        public let unverifiedType: EventType
        /// Where the digests begin, after their count.
        let digests: Int
        let digestCount: Int
        /// Whether the digests are the header's banks in the header's order, as nearly always.
        let isInHeaderOrder: Bool
        /// Where the data stands; authentic only when it hashes to the event's digest.
        public let data: Range<Int>

        /// Whether the event is extended into its PCR: EV_NO_ACTION never is (PFP section 10.4.5).
        public var isExtended: Bool { unverifiedType != .noAction }
    }

    /// A departure from the specification that real logs show and that cannot hide anything.
    public enum Leniency: Hashable, Sendable {
        /// Padding of 0x00 or 0xFF bytes after the last event: the log area was copied whole.
        case trailingPadding(bytes: Int)
        /// Records without a PCR that Windows appends to its log; they are measured nowhere and ignored.
        case windowsTrustPoints(count: Int)
        /// Vendor information that the header announces and its event size does not cover.
        case vendorInformationOutsideHeader(bytes: Int)
        /// Events that carry fewer digests than the header lists banks; the banks left out do not replay.
        case digestsOmitted(events: Int)
    }

    /// The data of an event: claims, until it is known to hash to the event's digest.
    public func unverifiedData(of event: Event) -> ArraySlice<UInt8> { bytes[event.data] }

    /// The digest of an event in a bank; nil when the event has none there.
    public func digest(of event: Event, in bank: AlgorithmID) -> ArraySlice<UInt8>? {
        guard let place = place(of: bank), let offset = place.offset(of: event, bytes.span) else { return nil }
        return bytes[offset..<offset + place.size]
    }

    /// Where the digests of a bank are to be found; nil when the log does not have the bank.
    func place(of bank: AlgorithmID) -> DigestPlace? {
        DigestPlace(of: bank, format: format, banks: banks, sizes: sizes)
    }
}

/// Finds the digests of one bank in the events of a log.
struct DigestPlace: Sendable {
    let size: Int
    private let bank: AlgorithmID
    private let banks: [AlgorithmID]
    private let sizes: [Int]
    /// From the first digest of an event to that of the bank, when the algorithms stand as in the header.
    private let usual: Int
    private let isLegacy: Bool

    private static let algorithmSize = 2

    init?(of bank: AlgorithmID, format: EventLog.Format, banks: [AlgorithmID], sizes: [Int]) {
        guard let index = banks.firstIndex(of: bank) else { return nil }
        size = sizes[index]
        self.bank = bank
        self.banks = banks
        self.sizes = sizes
        isLegacy = format == .sha1Legacy
        usual = isLegacy ? 0 : sizes[..<index].reduce(Self.algorithmSize) { $0 + Self.algorithmSize + $1 }
    }

    /// Where an event's digest begins; nil when the event has none in this bank.
    func offset(of event: EventLog.Event, _ bytes: Span<UInt8>) -> Int? {
        if event.isInHeaderOrder { return event.digests + usual }
        var offset = event.digests
        for _ in 0..<event.digestCount {
            let algorithm = AlgorithmID(rawValue: LittleEndian.uint16(bytes, at: offset))
            offset += Self.algorithmSize
            if algorithm == bank { return offset }
            // The parser admitted no algorithm that the header does not list.
            guard let other = banks.firstIndex(of: algorithm) else { return nil }
            offset += sizes[other]
        }
        return nil
    }
}

extension EventLog.Leniency: CustomStringConvertible {
    public var description: String {
        switch self {
        case .trailingPadding(let bytes): Counted.of(bytes, "byte") + " of padding after the last event"
        case .windowsTrustPoints(let count):
            Counted.of(count, "Windows record that belongs to no PCR was", "Windows records that belong to no PCR were")
                + " ignored"
        case .vendorInformationOutsideHeader(let bytes):
            Counted.of(bytes, "byte of vendor information stands", "bytes of vendor information stand")
                + " outside the header"
        case .digestsOmitted(let events):
            Counted.of(events, "event has", "events have") + " no digest for some bank of the header"
        }
    }
}

/// Reads the log's little-endian integers; the caller has checked that they are there.
enum LittleEndian {
    @inline(__always)
    static func uint16(_ bytes: Span<UInt8>, at offset: Int) -> UInt16 {
        UInt16(bytes[offset]) | UInt16(bytes[offset + 1]) << 8
    }

    @inline(__always)
    static func uint32(_ bytes: Span<UInt8>, at offset: Int) -> UInt32 {
        UInt32(bytes[offset]) | UInt32(bytes[offset + 1]) << 8
            | UInt32(bytes[offset + 2]) << 16 | UInt32(bytes[offset + 3]) << 24
    }

    @inline(__always)
    static func uint64(_ bytes: Span<UInt8>, at offset: Int) -> UInt64 {
        UInt64(uint32(bytes, at: offset)) | UInt64(uint32(bytes, at: offset + 4)) << 32
    }
}
