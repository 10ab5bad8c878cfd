import ArgumentParser
import Audit
import AuditCollection
import CommandLineContract
import Ledger
import Messages
import UpdateTrust
import VerifierClient

struct AuditExport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Takes the proof of what happened into one file.",
        discussion: """
            It is of a device, of a release, or of a span of time.

            In the file are the entries of the ledger, each with its proof under one signed checkpoint, and what they name by digest: \
            birth records, releases, policies and grants. Of a release, the whole chains of all devices that were granted it. Anybody \
            can judge it without the verifier: birthmark audit verify.

            Examples:
              birthmark audit export GW-0001 --trust trust.json --operator operators/alice
              birthmark audit export --release 3f…9a --out bad-release.audit
              birthmark audit export --from 2026-11-01 --to 2026-12-01 --out november.audit
              birthmark audit export GW-0001 --with-evidence
              birthmark audit export GW-0001 --witnesses 3
            """
    )

    @Argument(help: ArgumentHelp("The device's serial number or instance id.", valueName: "device"))
    var instance: Label?
    @Option(
        help: ArgumentHelp(
            "A release, by its manifest digest, 64 hexadecimal digits, as release list shows it.",
            valueName: "manifest"
        )
    )
    var release: ContentDigest?
    @Option(help: ArgumentHelp("The begin of a span of time: 2026-11-01, or 2026-11-01T15:04:05Z.", valueName: "date"))
    var from: String?
    @Option(help: ArgumentHelp("Its end, which does not belong to it; default: now.", valueName: "date"))
    var to: String?
    @Option(help: ArgumentHelp("Where to write it; default: what it is about, with .audit.", valueName: "file"))
    var out: String?
    @Option(
        help: ArgumentHelp(
            "How many witnesses are to have signed the ledger; default: as many as the trust bundle requires.",
            valueName: "count"
        )
    )
    var witnesses: Int?
    @Flag(help: "Take along what decisions rested on, and the event logs, as far as the archive keeps them.")
    var withEvidence = false
    @OptionGroup var verifier: VerifierOptions
    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        var bundle: String
        var subject: AuditSubject
        var entries: Int
        var bytes: Int
        /// The size of the ledger that the proofs are of.
        var size: Int
        /// The places of decisions of whose evidence the verifier lacks something that no entry says was shed; absent when there are none.
        var lacking: [Int]?
    }

    func validate() throws {
        let subjects = [instance != nil, release != nil, from != nil].filter { $0 }.count
        guard subjects == 1 else { throw ValidationError("Name a device, or --release, or --from.") }
        guard to == nil || from != nil else { throw ValidationError("--to is the end of --from.") }
        guard (1...LedgerQuorum.maximumCount).contains(witnesses ?? 1) else {
            throw ValidationError("--witnesses is a number of them, 1 to \(LedgerQuorum.maximumCount).")
        }
    }

    func run() async throws {
        let keys = try LedgerKeys(try verifier.bundle())
        let quorum = max(keys.quorum, witnesses ?? 0)
        guard quorum <= keys.witnesses.count else {
            throw CommandFailure(
                .malformed,
                "--witnesses \(quorum), and the trust bundle names \(keys.witnesses.count)",
                hint: "take the verifier's trust.json anew, or ask for fewer"
            )
        }
        let about: AskedAbout? = instance.map { AskedAbout.device($0) } ?? release.map { AskedAbout.release($0) }
        let (path, bundle, size, lacking) = try await verifier.ask(about: about) { client in
            let ledger = try await OpenedLedger(.served(by: client), keys, signedBy: quorum)
            let bar = ProgressBar("collecting")
            defer { bar.finish() }
            let (name, subject) = try await subject(client, ledger, bar)
            var collector = AuditCollector(client, ledger.signed, withEvidence: withEvidence) { done, all in
                bar.update(UInt64(done), of: UInt64(all))
            }
            do {
                let bundle = try await collector.bundle(about: subject)
                return (out ?? "\(name).audit", bundle, ledger.checkpoint.size, collector.lacking.sorted())
            } catch let error as MessageError {
                throw CommandFailure.ledgerRefused("an entry cannot be read: \(error.detail)")
            }
        }
        var bytes: [UInt8] = []
        try bundle.write { bytes += $0 }
        try OutputFile.write(bytes, to: path, mode: 0o644)
        let report = Report(
            bundle: path,
            subject: bundle.subject,
            entries: bundle.entries.count,
            bytes: bytes.count,
            size: size,
            lacking: lacking.isEmpty ? nil : lacking
        )
        try output.print(report) {
            facts([
                ("written", report.bundle),
                ("about", bundle.subject.words),
                ("entries", "\(report.entries), of \(report.size) on the ledger"),
                ("lacking", report.lacking.map { Self.sentence(lacking: $0) }),
                ("next", "birthmark audit verify \(report.bundle)"),
            ])
        }
    }

    private static func sentence(lacking places: [Int]) -> String {
        let entries = places.map { "\($0)" }.joined(separator: ", ")
        return "all that was decided on at \(entries): export again, and if it stays so, birthmark-verifier check"
    }

    private func subject(
        _ client: VerifierClient,
        _ ledger: OpenedLedger,
        _ bar: ProgressBar
    ) async throws -> (name: String, AuditSubject) {
        if let instance {
            let report = try await client.instance(instance)
            return (report.serial.text, .instance(report.instance))
        }
        if let release { return ("release-\(release.description.prefix(12))", .release(release)) }
        let begin = try Moment.parse(from ?? "", option: "--from")
        let end = try to.map { try Moment.parse($0, option: "--to") } ?? UTCTime.now + 1
        return ("entries", .entries(try await span(begin..<max(begin, end), ledger, bar)))
    }

    /// The clock of a verifier can be set back: all from the first entry of the span to the last belong to it.
    private func span(_ times: Range<Int64>, _ ledger: OpenedLedger, _ bar: ProgressBar) async throws -> Range<Int> {
        var span: Range<Int>?
        for bundle in ledger.log.bundles() {
            let first = bundle.nodes.indices.lowerBound
            for (offset, bytes) in try await ledger.log.entries(bundle).enumerated() {
                guard times.contains(try LedgerEntry(parsing: bytes.bytes).at) else { continue }
                span = (span?.lowerBound ?? first + offset)..<(first + offset + 1)
            }
            bar.update(UInt64(first), of: UInt64(ledger.checkpoint.size))
        }
        guard let span else {
            throw CommandFailure(
                .refused,
                "the ledger has no entry of that time",
                hint: "birthmark ledger tail shows the last ones",
                reasons: ["no-entries"]
            )
        }
        return span
    }
}
