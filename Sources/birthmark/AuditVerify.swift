import ArgumentParser
import Audit
import CommandLineContract
import DurableFiles
import Endorsement
import Ledger
import Messages
import UpdateTrust

struct AuditVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Judges a bundle without the verifier, and tells in words what it proves.",
        discussion: """
            Nothing in the bundle is believed for standing there: whom to believe is named here. With --birth-keys and --factory-roots \
            births are judged too, as a verifier does when it takes them over; with --ek-roots the TPMs' certificates.

            Exit status 0: all of it is proven. 1: it is not, with what was found.

            Examples:
              birthmark audit verify gw-0001.audit --trust trust.json
              birthmark audit verify gw-0001.audit --trust trust.json --html gw-0001.html
              birthmark audit verify gw-0001.audit --trust trust.json --birth-keys birth-keys.json --factory-roots factory-roots.pem --ek-roots ek-roots
            """
    )

    @Argument(help: ArgumentHelp("The bundle.", valueName: "bundle"))
    var path: String
    @OptionGroup var trust: TrustOption
    @OptionGroup var anchors: AuditAnchorOptions
    @Option(help: ArgumentHelp("Write the report as a page, too.", valueName: "file"))
    var html: String?
    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        var verdict: String
        var findings: [AuditFinding]
        var subject: AuditSubject
        var origin: String
        var size: Int
        var root: String
        var witnesses: [String]
        var timeline: [AuditEvent]
    }

    func run() async throws {
        let bundle = try read()
        let auditor = Auditor(try anchors.anchors(try trust.bundle()), time: UTCTime.text)
        let judged = auditor.judge(bundle)
        if let html { try OutputFile.write(Array(judged.html(time: UTCTime.text).utf8), to: html, mode: 0o644) }
        let claimed = bundle.checkpoint.claimed
        let report = Report(
            verdict: judged.isProven ? "proven" : "not proven",
            findings: judged.findings,
            subject: judged.subject,
            origin: claimed.origin,
            size: claimed.size,
            root: claimed.root.base64,
            witnesses: (judged.checkpoint?.cosignatures.keys.map(\.name) ?? []).sorted(),
            timeline: judged.timeline
        )
        try output.print(report) { Self.text(judged, report) }
        guard judged.isProven else { throw ExitStatus.refused.code }
    }

    private static func text(_ judged: Auditor.Report, _ report: Report) -> String {
        var lines = judged.timeline.map { "on \(UTCTime.text($0.at)) \($0.says)" }
        lines.append("")
        if judged.isProven {
            let witnesses = report.witnesses.isEmpty ? "" : ", seen by \(report.witnesses.joined(separator: ", "))"
            lines.append(
                "proven: \(judged.timeline.count) entries of the ledger \(report.origin), which has \(report.size)\(witnesses)"
            )
            lines.append("not shown: \(judged.subject.limits)")
        } else {
            lines += judged.findings.map { "found: \($0)" }
            lines.append("not proven")
        }
        return lines.joined(separator: "\n")
    }

    private func read() throws -> AuditBundle {
        let bytes = try InputFile.read(path, limit: AuditBundle.maximumSize, what: "the bundle")
        do {
            return try AuditBundle(parsing: bytes)
        } catch {
            throw CommandFailure(
                .refused,
                "\(path): \(error)",
                hint: "it is no bundle, or not whole, or was changed: ask for it again",
                reasons: ["bundle-malformed"]
            )
        }
    }
}
