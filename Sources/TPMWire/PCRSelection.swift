/// TPMS_PCR_SELECTION (Part 2, 10.6.2): one bank and a bitmap of its PCRs.
///
/// Zero to four bytes of bitmap are represented as they came; what a quote may contain is judged elsewhere.
public struct TPMSPCRSelection: WireStructure {
    /// Part 2 calls it TPMS_PCR_SELECTION.
    public static var specificationName: String { "TPMS_PCR_SELECTION" }

    /// The bank.
    public var hash: AlgorithmID
    /// Bit i of byte j stands for PCR 8j + i; at most four bytes.
    public let pcrSelect: [UInt8]

    /// Bytes that a selection of PCRs 0 to 23 takes: what every PC Client TPM writes (PCR_SELECT_MIN).
    public static let usualSize = 3

    /// Selects PCRs 0 to 31 of a bank in three bytes, or in four when 24 and above are wanted; nil beyond 31.
    public init?(bank: AlgorithmID, pcrs: Set<Int>) {
        guard pcrs.allSatisfy({ 0..<(8 * WireBounds.pcrSelect) ~= $0 }) else { return nil }
        let needed = pcrs.max().map { $0 / 8 + 1 } ?? 0
        hash = bank
        pcrSelect = (0..<max(needed, Self.usualSize)).map { byte in
            (0..<8).reduce(0) { pcrs.contains(8 * byte + $1) ? $0 | 1 << UInt8($1) : $0 }
        }
    }

    private init(hash: AlgorithmID, pcrSelect: [UInt8]) {
        self.hash = hash
        self.pcrSelect = pcrSelect
    }

    /// Reads a selection; refuses a bitmap of more than four bytes.
    public init(from reader: inout ByteReader) throws(WireError) {
        hash = try AlgorithmID(from: &reader)
        let at = reader.offset
        let size = Int(try reader.uint8("sizeofSelect"))
        guard size <= WireBounds.pcrSelect else {
            throw WireError(.tooLong, field: "sizeofSelect", offset: at, value: UInt64(size))
        }
        pcrSelect = try reader.bytes(size, "pcrSelect")
    }

    /// Writes bank, size and bitmap.
    public func write(to writer: inout ByteWriter) {
        hash.write(to: &writer)
        writer.uint8(UInt8(truncatingIfNeeded: pcrSelect.count))
        writer.bytes(pcrSelect)
    }

    /// The selected PCRs, ascending.
    public var pcrs: [Int] {
        pcrSelect.enumerated().flatMap { byte, bits in
            (0..<8).filter { bits & 1 << UInt8($0) != 0 }.map { 8 * byte + $0 }
        }
    }

    /// The same PCRs in three bytes of bitmap (four when PCR 24 and above are selected).
    public var canonical: TPMSPCRSelection {
        var select = pcrSelect
        while select.count > Self.usualSize, select.last == 0 { select.removeLast() }
        while select.count < Self.usualSize { select.append(0) }
        return TPMSPCRSelection(hash: hash, pcrSelect: select)
    }
}

/// TPML_PCR_SELECTION (Part 2, 10.9.7): selections in the order in which a quote hashes them.
public struct TPMLPCRSelection: WireStructure {
    /// Part 2 calls it TPML_PCR_SELECTION.
    public static var specificationName: String { "TPML_PCR_SELECTION" }

    /// At most 16 selections; a bank may stand there twice, which `duplicateBanks` tells.
    public let selections: [TPMSPCRSelection]

    /// Nothing selected.
    public static let empty = TPMLPCRSelection(unchecked: [])

    /// A list; nil when longer than 16.
    public init?(_ selections: [TPMSPCRSelection]) {
        guard selections.count <= WireBounds.pcrSelections else { return nil }
        self.selections = selections
    }

    /// One bank.
    public init(_ selection: TPMSPCRSelection) {
        selections = [selection]
    }

    /// Reads a count of at most 16 and that many selections.
    public init(from reader: inout ByteReader) throws(WireError) {
        let at = reader.offset
        let count = try reader.uint32("pcrSelections.count")
        guard count <= WireBounds.pcrSelections else {
            throw WireError(.tooLong, field: "pcrSelections.count", offset: at, value: UInt64(count))
        }
        var selections: [TPMSPCRSelection] = []
        for _ in 0..<count { selections.append(try TPMSPCRSelection(from: &reader)) }
        self.selections = selections
    }

    /// Writes count and selections.
    public func write(to writer: inout ByteWriter) {
        writer.uint32(UInt32(truncatingIfNeeded: selections.count))
        for selection in selections { selection.write(to: &writer) }
    }

    /// The same selections, in the same order, each in its canonical form.
    public var canonical: TPMLPCRSelection {
        TPMLPCRSelection(unchecked: selections.map(\.canonical))
    }

    private init(unchecked selections: [TPMSPCRSelection]) {
        self.selections = selections
    }

    /// Banks that are named more than once.
    public var duplicateBanks: Set<AlgorithmID> {
        var seen: Set<AlgorithmID> = []
        return Set(selections.map(\.hash).filter { !seen.insert($0).inserted })
    }
}
