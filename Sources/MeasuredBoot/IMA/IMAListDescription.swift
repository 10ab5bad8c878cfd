public import TPMWire
import Wording

/// What an IMA measurement list says, entry by entry: counts, and the PCR values that it leads to.
public struct IMAListDescription: Sendable {
    /// A value out of a quote, and how far the list has to be read to reach it.
    public struct Quoted: Sendable {
        public let bank: AlgorithmID
        public let pcr: Int
        public let value: [UInt8]
        /// Entries up to the value, and by which extension; nil as long as it was not reached.
        public fileprivate(set) var reached: (entries: Int, mode: IMAExtension)?

        public init(bank: AlgorithmID, pcr: Int, value: [UInt8]) {
            self.bank = bank
            self.pcr = pcr
            self.value = value
        }
    }

    public private(set) var entries = 0
    public private(set) var violations = 0
    public private(set) var templates: [IMATemplate: Int] = [:]
    /// How many entries name each PCR.
    public private(set) var pcrs: [Int: Int] = [:]
    public private(set) var quoted: Quoted?
    /// Whether the first entry is the kernel's own.
    private var beginsWithBootAggregate = false
    private let banks: [AlgorithmID]
    private var replays: [Int: [IMAReplay]] = [:]

    /// Begins a description.
    /// - Throws: `ReplayError` when a bank cannot be computed here.
    public init(banks: [AlgorithmID], quoted: Quoted? = nil) throws(ReplayError) {
        self.banks = quoted.map { [$0.bank] } ?? banks
        self.quoted = quoted
        if let quoted { try follow(quoted.pcr) }
        note(quoted?.pcr)
    }

    /// Adds the next entry.
    /// - Throws: when its template digest is not that of its template data.
    public mutating func add(_ entry: IMAEntry) throws(IMAListError) {
        if replays[entry.pcr] == nil {
            do throws(ReplayError) { try follow(entry.pcr) } catch {
                // The banks were computed when the description began.
                throw entry.place.refuse(.unsupportedAlgorithm, error.description)
            }
        }
        for index in banks.indices { try replays[entry.pcr]?[index].extend(entry) }
        if entries == 0 { beginsWithBootAggregate = entry.name.elementsEqual(IMABootAggregate.name) }
        entries += 1
        violations += entry.isViolation ? 1 : 0
        templates[entry.template, default: 0] += 1
        pcrs[entry.pcr, default: 0] += 1
        note(entry.pcr)
    }

    private mutating func follow(_ pcr: Int) throws(ReplayError) {
        var started: [IMAReplay] = []
        for bank in banks { started.append(try IMAReplay(bank: bank, pcr: pcr)) }
        replays[pcr] = started
    }

    private mutating func note(_ pcr: Int?) {
        guard let wanted = quoted, wanted.reached == nil, wanted.pcr == pcr,
            let mode = replays[wanted.pcr]?.first?.reached(wanted.value)
        else { return }
        quoted?.reached = (entries, mode)
    }

    /// The values that the list leads to by one extension; nothing for the padded one in the SHA-1 bank, which has none.
    public func values(_ mode: IMAExtension) -> [AlgorithmID: [Int: [UInt8]]] {
        var values: [AlgorithmID: [Int: [UInt8]]] = [:]
        for (pcr, replays) in replays {
            for replay in replays where replay.value(mode) != nil {
                values[replay.bank, default: [:]][pcr] = replay.value(mode)
            }
        }
        return values
    }

    /// What a reader should know.
    public var warnings: [String] {
        var warnings: [String] = []
        if entries > 0, !beginsWithBootAggregate {
            warnings.append("the first entry is not boot_aggregate: the list's beginning is missing")
        }
        if violations > 0 {
            warnings.append(
                Counted.of(violations, "violation") + ": files that were written to while they were measured"
            )
        }
        for (pcr, count) in pcrs.sorted(by: { $0.key < $1.key }) where pcr != quoted?.pcr ?? IMABounds.usualPCR {
            warnings.append(Counted.of(count, "entry was", "entries were") + " measured into PCR \(pcr)")
        }
        return warnings
    }
}
