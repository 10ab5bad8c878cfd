import ArgumentParser
import Audit
import AuditCollection
import CommandLineContract
import DurableFiles
import Endorsement
import Ledger
import Messages
import Reappraisal
import UpdateTrust
import Wording

struct AuditVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Judges a bundle, and tells in words what it proves.",
        discussion: """
            Nobody is asked for that, and not the verifier.

            Nothing in the bundle is believed for standing there: whom to believe is named here. With --birth-keys and --factory-roots \
            births are judged too, as a verifier does when it takes them over; with --ek-roots the TPMs' certificates. What operators \
            have signed is held to the certificates in the bundle; whether those are the operators', --operators says. Where evidence \
            is in the bundle, what was decided on it is decided again; what cannot be, because the bundle shows that it need not have \
            what that takes, is told. \
            What was granted before a key was changed counts by the bundle of then: give that with --trust, and what followed it with \
            --successors.

            Exit status 0: all of it is proven. 1: it is not, with what was found: evidence, or a log that it names, that was left out \
            although the ledger does not say that it was shed, is one of the things.

            Examples:
              birthmark audit verify gw-0001.audit --trust trust.json
              birthmark audit verify gw-0001.audit --trust trust.json --html gw-0001.html
              birthmark audit verify gw-0001.audit --trust trust.json \\
                  --birth-keys birth-keys.json --factory-roots factory-roots.pem \\
                  --ek-roots ek-roots
              birthmark audit verify gw-0001.audit --trust trust.json \\
                  --operators operators.pem
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
        /// Who stands behind the acts of operators.
        var acts: ActAccount
        /// Present when there is evidence in the bundle.
        var retaken: Retaken?
    }

    /// Decisions that were taken again.
    private struct Retaken: Encodable {
        var same: Int
        /// What is different about each other one, by its place on the ledger.
        var different: [String: [Difference]]
        /// Why some could not be: what that takes was left out of the bundle, or cannot be read.
        var faults: [String: String]
        /// Why some could not be and need not, as the bundle itself shows.
        var excused: [String: String]

        /// What speaks against the bundle.
        var found: [String] {
            var found: [String] = []
            for (place, differences) in AuditVerify.inOrder(different) {
                found += differences.map { "entry \(place): decided again, \($0.says)" }
            }
            return found
                + AuditVerify.inOrder(faults).map { "entry \($0.key) cannot be decided again: \($0.value)" }
        }
    }

    func run() async throws {
        let bundle = try read()
        let auditor = Auditor(try anchors.anchors(try trust.bundle()), time: UTCTime.text)
        let judged = auditor.judge(bundle)
        let retaken = judged.isProven ? try Self.retaken(bundle) : nil
        let found = retaken?.found ?? []
        if let html {
            let page = judged.html(found: found, time: UTCTime.text)
            try OutputFile.write(Array(page.utf8), to: html, mode: 0o644)
        }
        let isProven = judged.isProven && found.isEmpty
        let claimed = bundle.checkpoint.claimed
        let report = Report(
            verdict: isProven ? "proven" : "not proven",
            findings: judged.findings,
            subject: judged.subject,
            origin: claimed.origin,
            size: claimed.size,
            root: claimed.root.base64,
            witnesses: (judged.checkpoint?.cosignatures.keys.map(\.name) ?? []).sorted(),
            timeline: judged.timeline,
            acts: judged.acts,
            retaken: retaken
        )
        // What is found may be no more than a trust bundle that is younger, or older, than what was signed.
        let advice = anchors.successors == nil ? Self.otherTrust : nil
        try output.print(report) { Self.text(judged, report, isProven, advice) }
        guard isProven else { throw ExitStatus.refused.code }
    }

    private static let otherTrust =
        "where keys were changed, give the trust bundle of then with --trust, and what followed it with --successors (birthmark trust export)"

    /// - Returns: `nil` when no evidence is in the bundle.
    private static func retaken(_ bundle: AuditBundle) throws -> Retaken? {
        guard !bundle.documents.evidence.isEmpty else { return nil }
        var retaken = Retaken(same: 0, different: [:], faults: [:], excused: [:])
        for outcome in try BundleReappraisal(bundle, zoneFile: { ZoneInfo.file(of: $0.text) }).outcomes() {
            if let fault = outcome.fault, let excuse = outcome.excuse {
                retaken.excused["\(outcome.index)"] = "\(fault): \(excuse)"
            } else if let fault = outcome.fault {
                retaken.faults["\(outcome.index)"] = fault.description
            } else if outcome.differences.isEmpty {
                retaken.same += 1
            } else {
                retaken.different["\(outcome.index)"] = outcome.differences
            }
        }
        return retaken
    }

    private static func text(
        _ judged: Auditor.Report,
        _ report: Report,
        _ isProven: Bool,
        _ advice: String?
    ) -> String {
        var lines = judged.timeline.map { "on \(UTCTime.text($0.at)) \($0.says)" }
        lines.append("")
        if let retaken = report.retaken {
            lines += retaken.found.map { "found: \($0)" }
            lines += Self.inOrder(retaken.excused).map { "entry \($0.key) was not decided again: \($0.value)" }
            lines.append(
                "decided again on the evidence: \(Counted.of(retaken.same, "decision comes", "decisions come")) out the same"
            )
        } else if isProven {
            lines.append("decided again: nothing, because no evidence is in the bundle")
        }
        lines += judged.acts.sentences
        if isProven {
            let witnesses = report.witnesses.isEmpty ? "" : ", seen by \(report.witnesses.joined(separator: ", "))"
            let entries = Counted.of(judged.timeline.count, "entry", "entries")
            lines.append("proven: \(entries) of the ledger \(report.origin), which has \(report.size)\(witnesses)")
            lines.append("not shown: \(judged.subject.limits)")
        } else {
            lines += judged.findings.map { "found: \($0)" }
            lines += [advice].compactMap { $0 }
            lines.append("not proven")
        }
        return lines.map { PlainLine.of($0.unicodeScalars) }.joined(separator: "\n")
    }

    /// As the ledger has them.
    private static func inOrder<Value>(_ places: [String: Value]) -> [(key: String, value: Value)] {
        places.sorted { (Int($0.key) ?? 0) < (Int($1.key) ?? 0) }
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
