import ArgumentParser
import CommandLineContract
import Messages
import VerifierClient

struct ReceiptsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "receipts",
        abstract: "Off line: what devices have installed and booted.",
        discussion: """
            Example:
              birthmark receipts import /media/stick --trust trust.json \\
                  --operator operators/alice
            """,
        subcommands: [Import.self]
    )

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Brings receipts to the verifier.",
            discussion: """
                Of a directory it takes every file that ends in .receipt.json. They may come late, twice and in any order; those that the \
                verifier has are no error. One that is refused ends with 1, after all others were brought.

                Example:
                  birthmark receipts import /media/stick --trust trust.json \\
                      --operator operators/alice
                """
        )

        @Argument(help: ArgumentHelp("Receipts, or directories of them.", valueName: "path"))
        var paths: [String]
        @OptionGroup var verifier: VerifierOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let receipts = try CarriedFile.read(
                paths,
                suffix: ".receipt.json",
                of: "birthmark-device receipt --out"
            )
            let batch = try await verifier.ask { client in
                var outcomes: [CarriedOutcome] = []
                for file in receipts {
                    var outcome = CarriedOutcome(
                        file: file.path,
                        instance: file.request.instance,
                        outcome: "refused",
                        grant: file.request.grant,
                        reasons: []
                    )
                    do {
                        let answer = try await client.bringReceipt(file.evidence)
                        outcome.outcome = answer.outcome.rawValue
                        outcome.tier = answer.tier
                        outcome.package = "\(answer.running.name) \(answer.running.version)"
                    } catch let error as VerifierClientError {
                        try outcome.refuse(error)
                    }
                    outcomes.append(outcome)
                }
                return CarriedBatch(files: outcomes)
            }
            try output.print(batch) { batch.text }
            if batch.hasRefusals { throw ExitStatus.refused.code }
        }
    }
}
