import ArgumentParser
import CommandLineContract
import MeasuredBoot
import Messages
import TPMWire

struct LogCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log",
        abstract: "Event logs of measured boots.",
        discussion: "Example: birthmark log replay boot.log",
        subcommands: [Replay.self]
    )

    struct Replay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Parses a log and says which PCR values it leads to.",
            discussion: """
                A log by itself proves nothing: compare the values with a quote. Of an IMA list only the entries that lead \
                to a quoted value are proven; --quoted counts them, and the status is 1 when no number of them does.

                Examples:
                  birthmark log replay /sys/kernel/security/tpm0/binary_bios_measurements
                  birthmark log replay --format ima \\
                      /sys/kernel/security/ima/binary_runtime_measurements
                """
        )

        enum Format: String, ExpressibleByArgument, CaseIterable {
            case tcg
            case ima
        }

        @Argument(help: ArgumentHelp("The event log.", valueName: "file"))
        var path: String

        @Option(help: "The log's format: what firmware writes, or what Linux writes with IMA, binary or ASCII.")
        var format = Format.tcg

        @OptionGroup var list: IMAListOptions

        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard format == .ima || !list.areGiven else {
                throw ValidationError("--bank, --quoted, --pcr and --list-digest are for --format ima.")
            }
        }

        private struct Report: Encodable {
            var banks: [String: [String: HexBytes]]
            var events: Int
            var secureBoot: String
            var facts: LogFactsReport
            var warnings: [String]
        }

        func run() async throws {
            switch format {
            case .tcg: try replayEventLog()
            case .ima:
                let list = try list.describe(path)
                let report = IMAListReport(list)
                try output.print(report) { report.lines }
                if list.quoted != nil, report.trusted == nil { throw ExitStatus.refused.code }
            }
        }

        private func replayEventLog() throws {
            let log = try readEventLog(path)
            guard let description = LogDescription(log) else {
                throw CommandFailure(.malformed, "\(path) has no bank that can be replayed here")
            }
            var banks: [String: [String: HexBytes]] = [:]
            for (bank, values) in description.banks {
                banks[bank.description] = Dictionary(
                    uniqueKeysWithValues: values.map { (String($0.key), HexBytes($0.value)) }
                )
            }
            let report = Report(
                banks: banks,
                events: description.events,
                secureBoot: description.secureBoot.state.rawValue,
                facts: LogFactsReport(description.facts),
                warnings: description.warnings
            )
            try output.print(report) { text(report) }
        }

        private func text(_ report: Report) -> String {
            var lines = ["events: \(report.events)", "Secure Boot: \(report.secureBoot)"] + report.facts.text
            for (bank, values) in report.banks.sorted(by: { $0.key < $1.key }) {
                lines.append(bank)
                let numbered = values.compactMap { pcr, value in Int(pcr).map { ($0, value) } }
                // What nothing was measured into is of no interest to people.
                let extended = numbered.filter { !$0.1.bytes.allSatisfy { $0 == 0x00 || $0 == 0xFF } }
                for (pcr, value) in extended.sorted(by: { $0.0 < $1.0 }) {
                    lines.append("  \(pcr < 10 ? " " : "")\(pcr): \(value)")
                }
            }
            return (lines + report.warnings.map { "warning: \($0)" }).joined(separator: "\n")
        }
    }
}

/// A parsed event log out of a file.
func readEventLog(_ path: String) throws(CommandFailure) -> EventLog {
    let bytes = try InputFile.read(path, limit: Evidence.maximumLogSize, what: "the event log")
    do {
        return try EventLog(parsing: bytes)
    } catch {
        throw CommandFailure(
            .malformed,
            "\(path) is no TCG event log: \(error)",
            hint: "copy the log again in one piece; Linux shows it as binary_bios_measurements under "
                + "/sys/kernel/security/tpm0"
        )
    }
}
