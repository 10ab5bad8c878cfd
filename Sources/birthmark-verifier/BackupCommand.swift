import ArgumentParser
import CommandLineContract
import VerifierService
import Wording

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copies the record into one file.",
        discussion: """
            The service may go on meanwhile.

            The file is whole and as one commit left it, or it is not there. It is the record alone: keep keys/, config.json, policy.json, \
            trust.json, the trust lists and the certificates apart from it, once and off line, since whoever has a backup and the keys is \
            the verifier. It holds the fleet's inventory and all evidence: keep it as you keep the record.

            A backup that is put in the record's place by hand is refused at start when anything came after it: birthmark-verifier \
            restore says openly what is lost.

            Example: birthmark-verifier backup verifier verifier-2026-11-30.backup
            """
    )

    @OptionGroup var place: DirectoryArgument

    @Argument(help: ArgumentHelp("The file to make; it must not be there.", valueName: "out"), completion: .file())
    var out: String

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let directory = place.directory
        let report = try await RecordBackup(directory).run(to: out) { configuration, file in
            try await directory.copyStore(configuration, into: file)
        }
        try output.print(report) {
            """
            \(report.file) holds the record, \(Counted.of(report.bytes, "byte"))
            ledger: \(Counted.of(report.entries, "entry", "entries")), root \(report.root ?? "none")
            """
        }
    }
}
