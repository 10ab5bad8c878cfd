import Appraisal
import ArgumentParser
import CommandLineContract
import DurableFiles
import MeasuredBoot
import Messages
import TPMWire
import Wording

/// What can be asked of an IMA list and of no other log.
struct IMAListOptions: ParsableArguments {
    @Option(help: "IMA: replay this bank only; otherwise sha1 and sha256.")
    var bank: PCRBank?

    @Option(help: ArgumentHelp("IMA: say how many entries lead to this value.", valueName: "hex"))
    var quoted: String?

    @Option(help: "IMA: the PCR that the value was quoted of.")
    var pcr = IMABounds.usualPCR

    @Option(help: "IMA: the algorithm of a binary list's template digests, as its file's name says.")
    var listDigest = PCRBank.sha1

    var areGiven: Bool { bank != nil || quoted != nil || pcr != IMABounds.usualPCR || listDigest != .sha1 }

    func validate() throws {
        guard EventLogBounds.pcrs.contains(pcr) else { throw ValidationError("There is no PCR \(pcr).") }
        if let quoted { _ = try value(quoted) }
    }

    /// The value and its bank, which its size tells where it is not said.
    private func value(_ text: String) throws -> IMAListDescription.Quoted {
        guard let bytes = LowercaseHex.decode(text.lowercased()),
            let bank = bank ?? PCRBank.allCases.first(where: { $0.digestSize == bytes.count }),
            bank.digestSize == bytes.count
        else { throw ValidationError("--quoted takes the hexadecimal value of a PCR of one bank.") }
        return IMAListDescription.Quoted(bank: bank.algorithm, pcr: pcr, value: bytes)
    }

    /// Reads a list of any size, piece by piece.
    func describe(_ path: String) throws -> IMAListDescription {
        var description = try IMAListDescription(
            banks: bank.map { [$0.algorithm] } ?? [.sha1, .sha256],
            quoted: quoted.map(value)
        )
        var reader: IMAListReader?
        do {
            try ChunkReader.pieces(of: path) { piece in
                var current = try reader ?? IMAListReader(form(of: piece))
                reader = nil
                try current.read(piece) { entry, _ throws(IMAListError) in
                    try description.add(entry)
                    return true
                }
                reader = current
            }
            try reader?.finish()
        } catch let error as IMAListError {
            throw CommandFailure(
                .malformed,
                "\(path) is no IMA list that can be judged: \(error)",
                hint: "Linux shows it as binary_runtime_measurements under /sys/kernel/security/ima"
            )
        } catch let error as FileError {
            throw CommandFailure(error)
        }
        guard description.entries > 0 else { throw CommandFailure(.malformed, "\(path) has no entries") }
        return description
    }

    /// The first byte of a binary list is a PCR's number; of an ASCII list it is a digit or a space.
    private func form(of piece: ArraySlice<UInt8>) -> IMAListForm {
        (piece.first ?? 0) < 0x20 ? .binary(listedDigest: listDigest.algorithm) : .ascii
    }
}

/// What an IMA list says, for scripts.
struct IMAListReport: Encodable {
    struct Prefix: Encodable {
        var entries: Int
        var mode: String
    }

    var banks: [String: [String: HexBytes]]
    var paddedSHA1: [String: [String: HexBytes]]
    var events: Int
    var secureBoot = "unknown"
    var violations: Int
    var templates: [String: Int]
    var warnings: [String]
    /// Only where a value was given that is reached.
    var trusted: Prefix?

    init(_ list: IMAListDescription) {
        banks = Self.text(list.values(.perBank))
        paddedSHA1 = Self.text(list.values(.paddedSHA1))
        events = list.entries
        violations = list.violations
        templates = Dictionary(uniqueKeysWithValues: list.templates.map { ($0.key.rawValue, $0.value) })
        warnings = list.warnings
        trusted = list.quoted?.reached.map { Prefix(entries: $0.entries, mode: $0.mode.rawValue) }
        if let quoted = list.quoted, quoted.reached == nil {
            warnings.append(
                "no number of entries leads to the value given for PCR \(quoted.pcr): nothing of the list is proven"
            )
        }
    }

    private static func text(_ values: [AlgorithmID: [Int: [UInt8]]]) -> [String: [String: HexBytes]] {
        var text: [String: [String: HexBytes]] = [:]
        for (bank, pcrs) in values {
            for (pcr, value) in pcrs { text[bank.description, default: [:]][String(pcr)] = HexBytes(value) }
        }
        return text
    }

    /// For people.
    var lines: String {
        var lines = ["entries: \(events)", "violations: \(violations)"]
        lines += templates.sorted { $0.key < $1.key }.map { "  \($0.key): \($0.value)" }
        if let trusted {
            lines.append(
                "trusted: the first \(Counted.of(trusted.entries, "entry", "entries")), extended \(trusted.mode)"
            )
        }
        for (title, banks) in [("", banks), (" with SHA-1 digests and zeros", paddedSHA1)] {
            for (bank, values) in banks.sorted(by: { $0.key < $1.key }) {
                lines.append(bank + title)
                lines += values.sorted { $0.key < $1.key }.map { "  \($0.key): \($0.value)" }
            }
        }
        return (lines + warnings.map { "warning: \($0)" }).joined(separator: "\n")
    }
}
