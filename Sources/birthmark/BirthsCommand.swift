import ArgumentParser
import CommandLineContract
import Messages
import VerifierClient

struct BirthsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "births",
        abstract: "Births of devices, as they come from a factory line.",
        discussion: "Example: birthmark births import births.json --trust trust.json --operator operators/alice",
        subcommands: [Import.self]
    )

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Brings a bundle of births to the verifier.",
            discussion: """
                Births that the verifier has already are no error; one that is refused ends with 1.

                Example: birthmark births import births.json --trust trust.json --operator operators/alice
                """
        )

        @Argument(help: ArgumentHelp("What birthmark-factory export wrote.", valueName: "bundle"))
        var path: String

        @OptionGroup var verifier: VerifierOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let bytes = try InputFile.read(path, limit: BirthBundle.maximumSize, what: "the birth bundle")
            let bundle = try parsing(path) { () throws(MessageError) in try BirthBundle(parsing: bytes) }
            let answer = try await verifier.ask { client in try await client.importBirths(bundle) }
            try output.print(answer) {
                table(
                    ["SERIAL", "INSTANCE", "OUTCOME", ""],
                    answer.births.map { birth in
                        [
                            birth.serial?.text ?? "?", birth.instance?.text ?? "?", birth.outcome.rawValue,
                            birth.detail ?? "",
                        ]
                    }
                )
            }
            if answer.births.contains(where: { $0.outcome == .refused }) { throw ExitStatus.refused.code }
        }
    }
}
