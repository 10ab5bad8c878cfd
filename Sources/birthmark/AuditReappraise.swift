import ArgumentParser
import AuditCollection
import CommandLineContract
import DurableFiles
import Messages
import Reappraisal
import UpdateTrust
import VerifierClient

struct AuditReappraise: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reappraise",
        abstract: "Takes decisions again with the code of today, out of the archive, and says what is different.",
        discussion: """
            What a decision rested on is kept: evidence, event log, the state and the releases of then, the policy. From that it is \
            taken again here, not by the verifier, and held to the last byte of what the ledger says of it. Nothing is changed anywhere.

            Exit status 0: every decision comes out the same. 1: at least one does not, or cannot be taken again.

            Examples:
              birthmark audit reappraise GW-0001 --trust trust.json --operator operators/alice
              birthmark audit reappraise --from 2026-11-01 --to 2026-12-01
            """
    )

    @Argument(help: ArgumentHelp("The device's serial number or instance id.", valueName: "instance"))
    var instance: Label?
    @Option(help: ArgumentHelp("The begin of a span of time: 2026-11-01, or 2026-11-01T15:04:05Z.", valueName: "date"))
    var from: String?
    @Option(help: ArgumentHelp("Its end, which does not belong to it; default: now.", valueName: "date"))
    var to: String?
    @OptionGroup var verifier: VerifierOptions
    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        /// Decisions that were taken again.
        var decisions = 0
        var same = 0
        /// Decisions of which the archive keeps nothing, or nothing any more.
        var unkept = 0
        var different: [Line] = []
    }

    private struct Line: Encodable {
        var at: String
        var instance: InstanceID?
        /// The place on the ledger.
        var entry: Int
        var differences: [Difference]
        /// Why it could not be taken again.
        var fault: String?
    }

    func validate() throws {
        guard (instance != nil) != (from != nil) else { throw ValidationError("Name a device, or --from.") }
        guard to == nil || from != nil else { throw ValidationError("--to is the end of --from.") }
    }

    func run() async throws {
        let times = try from.map { try ArchiveSpan.times(from: $0, to: to) }
        let keys = try LedgerKeys(try verifier.bundle())
        let report = try await verifier.ask { client in
            let bar = ProgressBar("taking decisions again")
            defer { bar.finish() }
            let ledger = try await OpenedLedger(.served(by: client), keys)
            let prover = try EntryProver(client, ledger.checkpoint)
            return try await retaken(client, try await reader(client, times), prover, bar)
        }
        try output.print(report) { Self.text(report) }
        guard report.different.isEmpty else { throw ExitStatus.refused.code }
    }

    private func reader(_ client: VerifierClient, _ times: Range<Int64>?) async throws -> ArchiveReader {
        if let times { return ArchiveReader(client, of: times) }
        guard let instance else { throw CommandFailure(.malformed, "name a device, or --from") }
        return try await ArchiveReader(client, about: try await client.instance(instance).instance)
    }

    private func retaken(
        _ client: VerifierClient,
        _ reader: ArchiveReader,
        _ prover: EntryProver,
        _ bar: ProgressBar
    ) async throws -> Report {
        var reader = reader
        var collector = ArchiveCollector(client, provenBy: prover) { ZoneInfo.file(of: $0.text) }
        var report = Report()
        while let archived = try await reader.next() {
            guard !collector.isBeyond(archived) else { continue }
            bar.update(reader.progress.done, of: reader.progress.all)
            report.decisions += 1
            if let line = try await line(archived, &collector) {
                report.different.append(line)
            } else {
                report.same += 1
            }
        }
        report.unkept = reader.unkept
        return report
    }

    /// - Returns: `nil` when the decision comes out the same.
    private func line(_ archived: ArchivedReport, _ collector: inout ArchiveCollector) async throws -> Line? {
        var line = Line(at: "", instance: nil, entry: archived.index, differences: [], fault: nil)
        do {
            let decision = try await collector.decision(archived)
            line.at = UTCTime.text(decision.at)
            line.instance = decision.instance
            line.entry = decision.index
            line.differences = ComparedDecision(decision.entries, try decision.reappraiser.retake()).differences
            return line.differences.isEmpty ? nil : line
        } catch let fault as ReappraisalFault {
            line.fault = fault.description
        } catch let error as MessageError {
            line.fault = "it cannot be read: \(error.detail)"
        }
        return line
    }

    private static func text(_ report: Report) -> String {
        var lines: [String] = []
        for line in report.different {
            let whose = line.instance.map { " of \($0)" } ?? ""
            let when = line.at.isEmpty ? "" : "\(line.at) "
            if let fault = line.fault { lines.append("\(when)entry \(line.entry)\(whose): \(fault)") }
            for difference in line.differences {
                lines.append("\(when)entry \(line.entry)\(whose): \(difference.says)")
            }
        }
        lines.append(
            "\(report.decisions) decisions taken again: \(report.same) the same, \(report.different.count) not"
                + (report.unkept == 0 ? "" : "; of \(report.unkept) others the archive keeps nothing")
        )
        return lines.joined(separator: "\n")
    }
}

extension Difference {
    /// For people.
    var says: String {
        func shown(_ text: String) -> String { text.isEmpty ? "nothing" : text }
        return "\(topic.rawValue): recorded is \(shown(recorded)), now it is \(shown(now))"
    }
}
