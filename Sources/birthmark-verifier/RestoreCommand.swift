import ArgumentParser
import CommandLineContract
import Messages
import VerifierService
import Wording

struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Puts the record back from a backup.",
        discussion: """
            The ledger says then what is lost.

            For the day on which the record is gone or damaged. The backup is audited whole; then an entry says who put it back, why, and how \
            much is lost as far as anybody knows; every lease ends, so that devices attest anew; and no challenge counts that was given \
            before. With --ledger, a copy that birthmark ledger export has made, who was suspended or retired since the backup is so again; \
            without one nobody knows, and you have to say it again. What was in the record's place stays beside it.

            The ledger goes on from the backup as another history: witnesses and whoever kept a later checkpoint refuse it until their \
            people are told. The service must be stopped. Cut off anywhere, the same command again finishes it.

            Example:
              birthmark-verifier restore verifier verifier-2026-11-30.backup --by alice \\
                  --reason 'disk failed, ticket 12' --ledger ledger-copy
            """
    )

    @OptionGroup var place: DirectoryArgument

    @Argument(
        help: ArgumentHelp("What birthmark-verifier backup has made; it stays as it is.", valueName: "backup"),
        completion: .file()
    )
    var backup: String

    @Option(help: ArgumentHelp("Who puts it back, as it stands on the ledger.", valueName: "name"))
    var by: String

    @Option(help: ArgumentHelp("Why, in one line; it stands on the ledger.", valueName: "text"))
    var reason: String

    @Option(
        help: ArgumentHelp("A copy of the ledger (birthmark ledger export), the latest there is.", valueName: "dir"),
        completion: .directory
    )
    var ledger: String?

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard Label(by) != nil else { throw ValidationError("\"\(by)\" is not a name: \(Label.rule)") }
        guard Remark(reason) != nil else { throw ValidationError("--reason is one line of 1 to 500 bytes") }
    }

    func run() async throws {
        guard let by = Label(by), let reason = Remark(reason) else {
            throw CommandFailure(.malformed, "--by is no name, or --reason no line of text")
        }
        let directory = place.directory
        let restore = try RecordRestore(
            directory,
            RecordRestore.Order(by: by, reason: reason, copy: ledger),
            now: UTCTime.now
        )
        let report = try await restore.run(
            from: backup,
            opening: VerifierDirectory.withStore(at:_:),
            head: VerifierDirectory.head(ofStoreAt:)
        )
        try output.print(report) { Self.text(report, directory.path) }
    }

    private static func text(_ report: RecordRestore.Report, _ directory: String) -> String {
        let lost = report.lostSize.map { "the lost record had \(Counted.of($0, "entry", "entries")) at least" }
        var lines = [
            "\(report.record) has the backup's \(Counted.of(report.entries, "entry", "entries")); entry \(report.entries) says who put it back",
            lost ?? "nothing is known that came after them",
            Counted.of(report.ended, "device was trusted, and has", "devices were trusted, and have")
                + " to attest anew",
        ]
        if let unread = report.unread { lines.append("what was in its place does not say how far it went: \(unread)") }
        if let copied = report.copied {
            let stopped = Counted.of(report.stopped, "device is", "devices are")
            lines.append(
                "by the copy of \(Counted.of(copied, "entry", "entries")), \(stopped) suspended or retired again"
            )
            if report.unknown > 0 {
                lines.append(
                    "\(Counted.of(report.unknown, "more was", "more were")) stopped that the backup does not know: import births again, and stop them"
                )
            }
        } else {
            lines.append("without a copy of the ledger nobody knows who was suspended or retired since: say it again")
        }
        if let kept = report.kept { lines.append("what was there is \(kept)") }
        lines.append("next: birthmark-verifier check \(directory), then tell witnesses and auditors, then serve")
        return lines.joined(separator: "\n")
    }
}
