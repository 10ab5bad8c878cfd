import TPMWire

/// TCG_EfiSpecIDEvent, the first event of a crypto-agile log (PFP section 10.4.5.1).
struct SpecIDHeader {
    /// The PCR index, which is another thing in a confidential-computing log.
    let index: UInt32
    let data: Range<Int>

    /// In a CCEL log the header stands at measurement register 1 (UEFI specification, chapter Confidential Computing).
    static let confidentialComputingIndex: UInt32 = 1

    private static let signature = Array("Spec ID Event03\0".utf8)
    // Signature, platform class, minor and major version, errata, size of uintn.
    private static let algorithmCountOffset = 24
    private static let eventHeaderSize = 32
    private static let algorithmSize = 4

    /// The header at the beginning of the bytes; nil when they begin with an ordinary event.
    static func find(in bytes: [UInt8]) -> SpecIDHeader? {
        let span = bytes.span
        guard span.count >= eventHeaderSize,
            EventType(rawValue: LittleEndian.uint32(span, at: 4)) == .noAction
        else { return nil }
        let size = Int(LittleEndian.uint32(span, at: eventHeaderSize - 4))
        guard size <= span.count - eventHeaderSize else { return nil }
        let data = eventHeaderSize..<eventHeaderSize + size
        guard begins(span, in: data) else { return nil }
        return SpecIDHeader(index: LittleEndian.uint32(span, at: 0), data: data)
    }

    /// Whether data begins with the header's signature.
    static func begins(_ span: Span<UInt8>, in data: Range<Int>) -> Bool {
        guard data.count >= signature.count else { return false }
        for (index, byte) in signature.enumerated() where span[data.lowerBound + index] != byte { return false }
        return true
    }

    /// The algorithms with their sizes, each known and none twice.
    func parseAlgorithms(_ bytes: [UInt8]) throws(EventLogError) -> (banks: [AlgorithmID], sizes: [Int]) {
        let span = bytes.span
        var offset = data.lowerBound + Self.algorithmCountOffset
        guard offset + 4 <= data.upperBound else { throw EventLogError(.badHeader, offset: offset, event: 0) }
        let count = LittleEndian.uint32(span, at: offset)
        guard count >= 1, count <= EventLogBounds.algorithms else {
            throw EventLogError(.tooManyAlgorithms, offset: offset, event: 0, value: UInt64(count))
        }
        offset += 4
        var banks: [AlgorithmID] = []
        var sizes: [Int] = []
        for _ in 0..<count {
            guard data.upperBound - offset >= Self.algorithmSize else {
                throw EventLogError(.badHeader, offset: offset, event: 0)
            }
            let algorithm = AlgorithmID(rawValue: LittleEndian.uint16(span, at: offset))
            let size = LittleEndian.uint16(span, at: offset + 2)
            guard let known = algorithm.digestSize else {
                throw EventLogError(.unknownAlgorithm, offset: offset, event: 0, value: UInt64(algorithm.rawValue))
            }
            guard known == Int(size) else {
                throw EventLogError(.wrongDigestSize, offset: offset + 2, event: 0, value: UInt64(size))
            }
            guard !banks.contains(algorithm) else {
                throw EventLogError(.repeatedAlgorithm, offset: offset, event: 0, value: UInt64(algorithm.rawValue))
            }
            banks.append(algorithm)
            sizes.append(known)
            offset += Self.algorithmSize
        }
        return (banks, sizes)
    }

    /// How many bytes of vendor information stand behind the event, although its size should have covered them.
    ///
    /// Throws unless the header ends exactly with its vendor information, inside or right behind the event.
    func vendorInformationOutside(_ bytes: [UInt8]) throws(EventLogError) -> Int {
        let count = LittleEndian.uint32(bytes.span, at: data.lowerBound + Self.algorithmCountOffset)
        let offset = data.lowerBound + Self.algorithmCountOffset + 4 + Self.algorithmSize * Int(count)
        guard offset < data.upperBound else { throw EventLogError(.badHeader, offset: offset, event: 0) }
        let announced = Int(bytes[offset])
        let inside = data.upperBound - offset - 1
        if announced == inside { return 0 }
        guard inside == 0, announced <= bytes.count - data.upperBound else {
            throw EventLogError(.badHeader, offset: offset, event: 0, value: UInt64(announced))
        }
        return announced
    }
}
