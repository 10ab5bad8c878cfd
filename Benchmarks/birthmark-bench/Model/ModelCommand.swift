import ArgumentParser
import CommandLineContract

struct ModelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model",
        abstract: "What a line with hardware TPMs would see, from published times of their commands.",
        discussion: """
            Nothing is measured: Benchmarks/birth-commands.json says what a birth sends and why, Benchmarks/tpm-times.json what
            TPMs take for it. `birthmark-bench run line-model` holds the model to a line of software TPMs.

            Example:
              birthmark-bench model
              birthmark-bench model --commands
            """
    )
    @Flag(help: "List the commands of a birth with their reasons instead.")
    var commands = false

    func run() async throws {
        let birth = try BirthCommands.read()
        guard StandardOutput.write((commands ? reasons(birth) : try rates(birth)) + "\n") else {
            throw CommandFailure.outputFailed
        }
    }

    private func reasons(_ birth: BirthCommands) -> String {
        var lines: [String] = []
        var step = ""
        for row in birth.commands {
            if row.step != step { lines.append(row.step) }
            step = row.step
            lines.append("  \(row.count) x \(row.command): \(row.why)")
            if let condition = row.needlessWhen { lines.append("      needless if \(condition)") }
        }
        let total = birth.commands.reduce(0) { $0 + $1.count }
        return (lines + ["\(total) commands"]).joined(separator: "\n")
    }

    private func rates(_ birth: BirthCommands) throws -> String {
        let times = try TPMTimes.read()
        let workers = [1, 2, 8]
        var rows = [["", "key", "s a birth", "of it NV", "births/min 1", "2", "8 workers", "NV at 10 ms", "at 100 ms"]]
        for chip in times.tpms {
            for isRSA in [false, true] {
                func model(writeNV: Int) -> LineModel {
                    let tpm = birth.time { chip.time(of: $0, isRSA: isRSA, assumedWriteNV: writeNV) }
                    return LineModel(
                        tpm: tpm,
                        processor: Double(times.station.processor),
                        waiting: Double(times.station.waiting),
                        processors: times.station.processors,
                        tpmIsSoftware: false
                    )
                }
                let usual = model(writeNV: times.assumedWriteNV)
                let bare = birth.time { chip.time(of: $0, isRSA: isRSA, assumedWriteNV: 0) }
                let writing = chip.writeNV == nil ? usual.tpm - bare : 0
                rows.append(
                    [chip.name, isRSA ? "RSA-2048" : "P-256", Self.text(usual.tpm / 1_000_000)]
                        + [chip.writeNV == nil ? Self.text(writing / 1_000_000) : ""]
                        + workers.map { Self.text(usual.birthsPerMinute(workers: $0)) }
                        + (chip.writeNV == nil ? [10_000, 100_000] : []).map {
                            Self.text(model(writeNV: $0).birthsPerMinute(workers: 8))
                        }
                )
            }
        }
        let widths = rows[0].indices.map { column in rows.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0 }
        return rows.map { row in
            row.enumerated().map { column, text in
                let padding = String(repeating: " ", count: widths[column] - text.count)
                return column < 2 ? text + padding : padding + text
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }

    private static func text(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
