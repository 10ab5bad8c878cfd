import TPMWire

/// Walks the bytes of a log once, checking every length before it is used.
struct EventLogParser {
    private let bytes: [UInt8]
    private(set) var format = EventLog.Format.sha1Legacy
    private(set) var banks: [AlgorithmID] = [.sha1]
    private(set) var sizes = [20]
    private(set) var events: [EventLog.Event] = []
    private(set) var leniencies: [EventLog.Leniency] = []
    private var offset = 0

    // TCG_PCR_EVENT: PCR index, type, SHA-1 digest, size of the data (PFP).
    private static let legacyHeaderSize = 32
    private static let legacyDigestOffset = 8
    // TCG_PCR_EVENT2 up to its digests: PCR index, type, number of digests (PFP).
    private static let agileHeaderSize = 12
    /// The index of records that belong to no PCR; only Windows writes it.
    private static let noPCR: UInt32 = 0xFFFF_FFFF
    /// An ACPI table's signature where a log should begin.
    private static let ccelSignature = Array("CCEL".utf8)

    /// Checks the size and reads the header, when there is one.
    init(_ bytes: [UInt8]) throws(EventLogError) {
        self.bytes = bytes
        guard !bytes.isEmpty else { throw EventLogError(.empty, offset: 0) }
        guard bytes.count <= EventLogBounds.logSize else {
            throw EventLogError(.tooLarge, offset: 0, value: UInt64(bytes.count))
        }
        guard !bytes.starts(with: Self.ccelSignature) else {
            throw EventLogError(.confidentialComputingTable, offset: 0)
        }
        // Most events take 200 bytes or more; a log of many small ones grows the array once or twice.
        events.reserveCapacity(min(EventLogBounds.events, 16 + bytes.count / 200))
        guard let header = SpecIDHeader.find(in: bytes) else { return }
        try parse(header)
    }

    private mutating func parse(_ header: SpecIDHeader) throws(EventLogError) {
        guard header.index != SpecIDHeader.confidentialComputingIndex else {
            throw EventLogError(.confidentialComputingLog, offset: 0, event: 0)
        }
        guard header.index == 0 else {
            throw EventLogError(.badHeader, offset: 0, event: 0, value: UInt64(header.index))
        }
        format = .cryptoAgile
        (banks, sizes) = try header.parseAlgorithms(bytes)
        let outside = try header.vendorInformationOutside(bytes)
        if outside > 0 { leniencies.append(.vendorInformationOutsideHeader(bytes: outside)) }
        events.append(
            EventLog.Event(
                pcr: 0,
                unverifiedType: .noAction,
                digests: Self.legacyDigestOffset,
                digestCount: 0,
                isInHeaderOrder: false,
                data: header.data
            )
        )
        offset = header.data.upperBound + outside
    }

    /// Reads events up to the end of the bytes.
    mutating func parseEvents() throws(EventLogError) {
        var trustPoints = 0
        var incomplete = 0
        // A copy of the reference, so that the span does not hold this parser while it moves on.
        let bytes = bytes
        let span = bytes.span
        while offset < span.count {
            let start = offset
            let index = events.count
            let headerSize = format == .cryptoAgile ? Self.agileHeaderSize : Self.legacyHeaderSize
            guard span.count - start >= headerSize else {
                try finish(from: start)
                break
            }
            let pcr = LittleEndian.uint32(span, at: start)
            let type = EventType(rawValue: LittleEndian.uint32(span, at: start + 4))
            // Padding looks like the beginning of an event that cannot be one.
            if type.rawValue == pcr, pcr == 0 || pcr == Self.noPCR, isPadding(from: start) {
                try finish(from: start)
                break
            }
            let isTrustPoint = pcr == Self.noPCR && type == .noAction
            guard isTrustPoint || EventLogBounds.pcrs.contains(Int(pcr)) else {
                throw EventLogError(.noSuchPCR, offset: start, event: index, value: UInt64(pcr))
            }
            let digests: Int
            var digestCount = 1
            var isInHeaderOrder = true
            switch format {
            case .sha1Legacy:
                digests = start + Self.legacyDigestOffset
                offset = start + Self.legacyHeaderSize - 4
            case .cryptoAgile:
                digests = start + Self.agileHeaderSize
                (digestCount, isInHeaderOrder) = try parseDigests(span, start: start, event: index)
                if digestCount < banks.count, !isTrustPoint { incomplete += 1 }
            }
            let data = try parseData(span, event: index)
            if isTrustPoint {
                trustPoints += 1
                continue
            }
            guard trustPoints == 0 else { throw EventLogError(.eventAfterEnd, offset: start, event: index) }
            guard index < EventLogBounds.events else {
                throw EventLogError(.tooManyEvents, offset: start, event: index)
            }
            if type == .noAction, SpecIDHeader.begins(span, in: data), format == .cryptoAgile {
                throw EventLogError(.repeatedHeader, offset: start, event: index)
            }
            events.append(
                EventLog.Event(
                    pcr: Int(pcr),
                    unverifiedType: type,
                    digests: digests,
                    digestCount: digestCount,
                    isInHeaderOrder: isInHeaderOrder,
                    data: data
                )
            )
        }
        if trustPoints > 0 { leniencies.append(.windowsTrustPoints(count: trustPoints)) }
        if incomplete > 0 { leniencies.append(.digestsOmitted(events: incomplete)) }
    }

    /// Reads TPML_DIGEST_VALUES and leaves the offset after it: each algorithm listed in the header, none twice.
    private mutating func parseDigests(
        _ span: Span<UInt8>,
        start: Int,
        event: Int
    ) throws(EventLogError) -> (count: Int, isInHeaderOrder: Bool) {
        let count = LittleEndian.uint32(span, at: start + 8)
        guard count >= 1, count <= banks.count else {
            throw EventLogError(.wrongDigestCount, offset: start + 8, event: event, value: UInt64(count))
        }
        var offset = start + Self.agileHeaderSize
        var seen: UInt32 = 0
        var isInHeaderOrder = count == banks.count
        for position in 0..<Int(count) {
            guard span.count - offset >= 2 else { throw EventLogError(.truncated, offset: offset, event: event) }
            let algorithm = AlgorithmID(rawValue: LittleEndian.uint16(span, at: offset))
            var bank = position
            if banks[position] != algorithm {
                guard let other = banks.firstIndex(of: algorithm) else {
                    throw EventLogError(
                        .unknownAlgorithm,
                        offset: offset,
                        event: event,
                        value: UInt64(algorithm.rawValue)
                    )
                }
                bank = other
                isInHeaderOrder = false
            }
            guard seen & 1 << UInt32(bank) == 0 else {
                throw EventLogError(
                    .repeatedAlgorithm,
                    offset: offset,
                    event: event,
                    value: UInt64(algorithm.rawValue)
                )
            }
            seen |= 1 << UInt32(bank)
            guard span.count - offset - 2 >= sizes[bank] else {
                throw EventLogError(.truncated, offset: offset, event: event)
            }
            offset += 2 + sizes[bank]
        }
        self.offset = offset
        return (Int(count), isInHeaderOrder)
    }

    /// Reads the size of the data and steps over the data.
    private mutating func parseData(_ span: Span<UInt8>, event: Int) throws(EventLogError) -> Range<Int> {
        guard span.count - offset >= 4 else { throw EventLogError(.truncated, offset: offset, event: event) }
        let size = Int(LittleEndian.uint32(span, at: offset))
        guard size <= EventLogBounds.eventSize else {
            throw EventLogError(.eventTooLarge, offset: offset, event: event, value: UInt64(size))
        }
        guard span.count - offset - 4 >= size else {
            throw EventLogError(.truncated, offset: offset, event: event)
        }
        let data = offset + 4..<offset + 4 + size
        offset = data.upperBound
        return data
    }

    private func isPadding(from start: Int) -> Bool {
        guard let first = bytes[start...].first, first == 0x00 || first == 0xFF else { return false }
        return bytes[start...].allSatisfy { $0 == first }
    }

    /// What is left is padding or the log was cut.
    private mutating func finish(from start: Int) throws(EventLogError) {
        guard isPadding(from: start) else { throw EventLogError(.truncated, offset: start, event: events.count) }
        leniencies.append(.trailingPadding(bytes: bytes.count - start))
        offset = bytes.count
    }
}
