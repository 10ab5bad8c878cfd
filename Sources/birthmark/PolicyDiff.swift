import ArgumentParser
import AuditCollection
import CommandLineContract
import DurableFiles
import Messages
import Reappraisal
import UpdateTrust
import VerifierClient
import Wording

struct PolicyDiff: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Says which decisions a new policy would change.",
        discussion: """
            It takes those of the last week, and says how they would change.

            Each decision is taken again out of the archive, on what it was taken on then, with the new policy in the place of the one \
            of then: what followed from it since does not change with it. Nothing is changed anywhere.

            Exit status 0: none would be another. 1: at least one would, or cannot be taken again.

            Examples:
              birthmark policy diff stricter.json --trust trust.json \\
                  --operator operators/alice
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
        var different: [RetakenDecisions.Line] = []
    }

    func run() async throws {
        let bytes = try InputFile.read(path, limit: Policy.maximumSize, what: "the policy")
        let policy = try parsing(path, hint: PolicyCommand.Check.hint) { () throws(MessageError) in
            try JudgedPolicy(parsing: bytes) { ZoneInfo.file(of: $0.text) }
        }
        let times = try times()
        let retaken = try await RetakenDecisions.taken(from: verifier, by: policy) { client in
            ArchiveReader(client, of: times)
        }
        var report = Report(
            policy: policy.policy.digest,
            decisions: retaken.decisions,
            same: retaken.same,
            different: retaken.different
        )
        for kind in retaken.different.flatMap(Self.kinds) { report.changes[kind, default: 0] += 1 }
        try output.print(report) { Self.text(report) }
        guard report.different.isEmpty else { throw ExitStatus.refused.code }
    }

    private func times() throws(CommandFailure) -> Range<Int64> {
        let week: Int64 = 7 * 86_400
        return try ArchiveSpan.times(from: from ?? UTCTime.text(UTCTime.now - week), to: to)
    }

    /// In which respects, for the summary.
    private static func kinds(of line: RetakenDecisions.Line) -> [String] {
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
        let decisions = Counted.of(report.decisions, "decision")
        lines.append("under policy \(report.policy): of \(decisions) \(report.different.count) would differ\(summary)")
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
