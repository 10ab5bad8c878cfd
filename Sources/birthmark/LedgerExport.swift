import ArgumentParser
import CommandLineContract
import DurableFiles
import Ledger
import LedgerFiles
import Messages
import VerifierClient

struct LedgerExport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Copies the ledger into a directory, and checks it.",
        discussion: """
            It has to continue what the directory has.

            The files are those of C2SP tlog-tiles: any web server can serve them, and any tool for such logs can check them. A \
            directory that has an earlier copy is brought up to date: what it has is not fetched again, and a ledger that was cut \
            or rewritten since is refused, with the copy left as it was. A copy that was interrupted is gone on with. A \
            directory of other files is refused.

            Example: birthmark ledger export ledger --trust trust.json
            """
    )

    @Argument(help: ArgumentHelp("The directory.", valueName: "dir"))
    var directory: String
    @OptionGroup var verifier: TrustOption
    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        var directory: String
        var origin: String
        var entries: Int
        /// Of these, how many came by this command.
        var added: Int
        var root: String
    }

    func run() async throws {
        let bundle = try verifier.bundle()
        let keys = try LedgerKeys(bundle)
        let mirror = LedgerMirror(LedgerDirectory(directory), logKeys: keys.logs)
        let bar = ProgressBar("copying the ledger")
        let report = try await VerifierClient.with(bundle) { client in
            defer { bar.finish() }
            // Before the checkpoint, which cannot be smaller then.
            let witnessed = keys.quorum > 0 ? try await client.ledgerFile("witnessed") : nil
            let ledger = try await OpenedLedger(.served(by: client), keys)
            do {
                let before = try mirror.checkpoint()?.checkpoint.size ?? 0
                let checkpoint = try await mirror.update(
                    to: ledger.signed,
                    progress: { bar.update(UInt64($0), of: UInt64(ledger.checkpoint.size)) },
                    file: ledger.source.file
                )
                if let witnessed {
                    _ = try keys.verified(witnessed, "the witnessed checkpoint", quorum: keys.quorum)
                    try AtomicFile.write(witnessed, to: directory + "/witnessed", mode: 0o644)
                }
                return Report(
                    directory: directory,
                    origin: checkpoint.origin,
                    entries: checkpoint.size,
                    added: checkpoint.size - before,
                    root: checkpoint.root.base64
                )
            } catch let refusal as LedgerMirror.Refusal {
                throw Self.failure(refusal)
            } catch let error as LedgerFormatError {
                throw CommandFailure.ledgerRefused(error.description)
            }
        }
        try output.print(report) {
            facts([
                ("ledger", report.origin),
                ("entries", "\(report.entries), \(report.added) of them new here"),
                ("root", report.root),
                ("copied to", report.directory),
            ])
        }
    }

    private static func failure(_ refusal: LedgerMirror.Refusal) -> CommandFailure {
        switch refusal {
        case .log, .notSigned: CommandFailure.ledgerRefused(refusal.description)
        case .damaged:
            CommandFailure(
                .refused,
                refusal.description,
                hint: "keep them, and copy the ledger into another directory",
                reasons: ["copy-damaged"]
            )
        case .foreign:
            CommandFailure(
                .malformed,
                refusal.description,
                hint: "give a new directory, or an empty one; nothing was written"
            )
        }
    }
}
