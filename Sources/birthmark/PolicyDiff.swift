import ArgumentParser
import AuditCollection
import CommandLineContract
import DurableFiles
import Messages
import Reappraisal
import UpdateTrust
import VerifierClient

struct PolicyDiff: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Says which decisions of the last week a new policy would have taken otherwise, and how.",
        discussion: """
            Each decision is taken again out of the archive, on what it was taken on then, with the new policy in the place of the one \
            of then: what followed from it since does not change with it. Nothing is changed anywhere.

            Exit status 0: none would be another. 1: at least one would, or cannot be taken again.

            Examples:
              birthmark policy diff stricter.json --trust trust.json --operator operators/alice
              birthmark policy diff stricter.json --from 2026-11-01 --to 2026-12-01
            """
    )

    @Argument(help: ArgumentHelp("The new policy.", valueName: "file"))
    var path: String
    @Option(help: ArgumentHelp("The begin of a span of time; default: a week ago.", valueName: "date"))
    var from: String?
    @Option(help: ArgumentHelp("Its end, which does not belong to it; default: now.", valueName: "date"))
    var to: String?
    @OptionGroup var verifier: VerifierOptions
    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        /// SHA-256 of the new policy's file.
        var policy: ContentDigest
        /// Decisions that were taken again.
        var decisions = 0
        var same = 0
        /// How often what came out otherwise: `accepted to refused`, `lease`.
        var changes: [String: Int] = [:]
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

    func run() async throws {
        let bytes = try InputFile.read(path, limit: Policy.maximumSize, what: "the policy")
        let policy = try parsing(path) { () throws(MessageError) in
            try JudgedPolicy(parsing: bytes) { ZoneInfo.file(of: $0.text) }
        }
        let times = try times()
        let keys = try LedgerKeys(try verifier.bundle())
        let report = try await verifier.ask { client in
            let bar = ProgressBar("taking decisions again")
            defer { bar.finish() }
            let ledger = try await OpenedLedger(.served(by: client), keys)
            let prover = try EntryProver(client, ledger.checkpoint)
            return try await retaken(client, policy, times, prover, bar)
        }
        try output.print(report) { Self.text(report) }
        guard report.different.isEmpty else { throw ExitStatus.refused.code }
    }

    private func times() throws(CommandFailure) -> Range<Int64> {
        let week: Int64 = 7 * 86_400
        return try ArchiveSpan.times(from: from ?? UTCTime.text(UTCTime.now - week), to: to)
    }

    private func retaken(
        _ client: VerifierClient,
        _ policy: JudgedPolicy,
        _ times: Range<Int64>,
        _ prover: EntryProver,
        _ bar: ProgressBar
    ) async throws -> Report {
        var reader = ArchiveReader(client, of: times)
        var collector = ArchiveCollector(client, provenBy: prover) { ZoneInfo.file(of: $0.text) }
        var report = Report(policy: policy.policy.digest)
        while let archived = try await reader.next() {
            guard !collector.isBeyond(archived) else { continue }
            bar.update(reader.progress.done, of: reader.progress.all)
            report.decisions += 1
            guard let line = try await line(archived, policy, &collector) else {
                report.same += 1
                continue
            }
            report.different.append(line)
            for kind in Self.kinds(of: line) { report.changes[kind, default: 0] += 1 }
        }
        return report
    }

    /// - Returns: `nil` when the decision would be the same.
    private func line(
        _ archived: ArchivedReport,
        _ policy: JudgedPolicy,
        _ collector: inout ArchiveCollector
    ) async throws -> Line? {
        var line = Line(at: "", instance: nil, entry: archived.index, differences: [], fault: nil)
        do {
            let decision = try await collector.decision(archived, by: policy)
            let again = try decision.reappraiser.retake()
            line.at = UTCTime.text(decision.at)
            line.instance = decision.instance
            line.entry = decision.index
            line.differences = ComparedDecision(decision.entries, underAnotherPolicy: again).differences
            return line.differences.isEmpty ? nil : line
        } catch let fault as ReappraisalFault {
            line.fault = fault.description
        } catch let error as MessageError {
            line.fault = "it cannot be read: \(error.detail)"
        }
        return line
    }

    /// In which respects, for the summary.
    private static func kinds(of line: Line) -> [String] {
        if line.fault != nil { return ["cannot be taken again"] }
        return line.differences.map { difference in
            difference.topic == .verdict ? "\(difference.recorded) to \(difference.now)" : difference.topic.rawValue
        }
    }

    private static func text(_ report: Report) -> String {
        var lines = report.different.map { line in
            let whose = line.instance.map { "\($0)" } ?? "?"
            let says = line.fault ?? line.differences.map(\.change).joined(separator: "; ")
            return "\(line.at) \(whose) entry \(line.entry): \(says)"
        }
        let changes = report.changes.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        let summary = changes.isEmpty ? "" : " (\(changes.joined(separator: ", ")))"
        lines.append(
            "under policy \(report.policy): of \(report.decisions) decisions \(report.different.count) would be others\(summary)"
        )
        return lines.joined(separator: "\n")
    }
}

extension Difference {
    /// For people who change a policy.
    fileprivate var change: String {
        func shown(_ text: String) -> String { text.isEmpty ? "nothing" : text }
        return "\(topic.rawValue): \(shown(recorded)) to \(shown(now))"
    }
}
