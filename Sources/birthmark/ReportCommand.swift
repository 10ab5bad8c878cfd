import ArgumentParser
import CommandLineContract
import Messages
import VerifierClient

struct ReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "The fleet in figures.",
        discussion: """
            Identities, devices and sessions are counted apart.

            An identity is a birth, whatever runs under it; a device is what runs; a session is what was asked and given. Decisions and \
            refusals are counted since the verifier was started; its /v1/metrics, for operators and auditors, has the same for Prometheus.

            Example: birthmark report --trust trust.json --operator operators/alice
            """
    )

    @OptionGroup var verifier: VerifierOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let report = try await verifier.ask { client in try await client.figures() }
        try output.print(report) { Self.text(report) }
    }

    private static func text(_ report: FleetReport) -> String {
        var lines = ["identities: \(report.identities.total), as of \(UTCTime.text(report.at))"]
        for (lifecycle, tiers) in report.identities.byLifecycle.sorted(by: { $0.key < $1.key }) {
            lines.append("  \(lifecycle): \(list(tiers))")
        }
        lines.append("  trusted now: \(list(report.identities.trusted))")
        lines.append("devices:")
        lines.append("  running: \(list(report.devices.running))")
        lines.append("  attested: \(attested(report.devices.attestedWithin))")
        lines.append("  drifted: \(report.devices.drifted)")
        lines.append("sessions:")
        lines.append("  updates: \(list(report.sessions.updates))")
        for (purpose, verdicts) in report.sessions.decisions.sorted(by: { $0.key < $1.key }) {
            lines.append("  \(purpose): \(list(verdicts))")
        }
        lines.append("  refused because: \(list(report.sessions.refusals))")
        if let emergencies = report.emergencies, !emergencies.declared.isEmpty {
            lines.append("EMERGENCIES:")
            lines += emergencies.text.split(separator: "\n").map { "  \($0)" }
        }
        return lines.joined(separator: "\n")
    }

    /// By how long ago they attested last, the youngest first.
    private static func attested(_ counts: [String: Int]) -> String {
        let ages = [
            ("hour", "within the hour"), ("day", "within a day"), ("week", "within a week"),
            ("month", "within a month"), ("older", "longer ago"), ("never", "never"),
        ]
        let shown = ages.map { age, words in (counts[age] ?? 0, words) }.filter { $0.0 != 0 }
        return shown.isEmpty ? "none" : shown.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
    }

    private static func list(_ counts: [String: Int]) -> String {
        let shown = counts.filter { $0.value != 0 }.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        return shown.isEmpty ? "none" : shown.joined(separator: ", ")
    }
}
