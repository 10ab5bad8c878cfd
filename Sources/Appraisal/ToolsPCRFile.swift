import Messages
import TPMWire

/// A file of PCR values as `tpm2_quote --pcr` and `tpm2_pcrread --output` write it when no other format is asked for.
///
/// It is structures of libtss2 as a little-endian machine holds them in memory: a TPML_PCR_SELECTION with all its sixteen
/// places, a count of lists, and as many TPML_DIGESTs with all their eight. What places that are not counted hold is
/// nobody's, and not looked at.
struct ToolsPCRFile {
    private let bytes: [UInt8]

    private static let selections = 16
    private static let selectionSize = 8
    private static let listCountAt = 4 + selections * selectionSize
    private static let listsAt = listCountAt + 4
    private static let digestsOfAList = 8
    private static let digestSize = 2 + WireBounds.digest
    private static let listSize = 4 + digestsOfAList * digestSize

    /// nil when the size shows that the file is something else.
    init?(_ bytes: [UInt8]) {
        let lists = (bytes.count - Self.listsAt) / Self.listSize
        guard lists > 0, bytes.count == Self.listsAt + lists * Self.listSize, bytes.first != UInt8(ascii: "{") else {
            return nil
        }
        self.bytes = bytes
        guard number(at: Self.listCountAt, size: 4) == lists else { return nil }
    }

    /// Every bank with its values: the digests stand in the order of the selections.
    var values: [PCRValues] {
        get throws(QuoteFileError) {
            var digests = try digests[...]
            var values: [PCRValues] = []
            for (bank, pcrs) in try selected {
                guard pcrs.count <= digests.count else {
                    throw Self.fault("there are fewer digests than selected PCRs")
                }
                let pairs = zip(pcrs, digests)
                digests = digests.dropFirst(pcrs.count)
                guard !values.contains(where: { $0.bank == bank }),
                    let checked = PCRValues(bank: bank, values: Dictionary(uniqueKeysWithValues: Array(pairs)))
                else { throw Self.fault("\(bank.rawValue) stands twice, or a digest is not of its size") }
                values.append(checked)
            }
            guard digests.isEmpty else { throw Self.fault("there are more digests than selected PCRs") }
            return values
        }
    }

    private var selected: [(bank: PCRBank, pcrs: [Int])] {
        get throws(QuoteFileError) {
            let count = number(at: 0, size: 4)
            guard count <= Self.selections else {
                throw Self.fault("\(count) banks are more than there are places for")
            }
            var selected: [(PCRBank, [Int])] = []
            for start in (0..<count).map({ 4 + $0 * Self.selectionSize }) {
                let algorithm = AlgorithmID(rawValue: UInt16(truncatingIfNeeded: number(at: start, size: 2)))
                let size = number(at: start + 2, size: 1)
                guard let bank = PCRBank(rawValue: algorithm.description), size <= WireBounds.pcrSelect else {
                    throw Self.fault("\(algorithm) is none of sha1, sha256, sha384, sha512")
                }
                let bits = number(at: start + 3, size: size)
                let pcrs = (0..<8 * size).filter { bits >> $0 & 1 == 1 }
                if !pcrs.isEmpty { selected.append((bank, pcrs)) }
            }
            return selected
        }
    }

    private var digests: [[UInt8]] {
        get throws(QuoteFileError) {
            var digests: [[UInt8]] = []
            for list in stride(from: Self.listsAt, to: bytes.count, by: Self.listSize) {
                let count = number(at: list, size: 4)
                guard count <= Self.digestsOfAList else { throw Self.fault("a list of \(count) digests is too long") }
                for start in (0..<count).map({ list + 4 + $0 * Self.digestSize }) {
                    let size = number(at: start, size: 2)
                    guard size <= WireBounds.digest else { throw Self.fault("a digest of \(size) bytes is too long") }
                    digests.append(Array(bytes[start + 2..<start + 2 + size]))
                }
            }
            return digests
        }
    }

    /// A little-endian number; every place that is asked for is inside the size that was looked at.
    private func number(at start: Int, size: Int) -> Int {
        bytes[start..<start + size].reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    private static func fault(_ what: String) -> QuoteFileError { QuoteFileError(detail: "the PCR values: " + what) }
}
