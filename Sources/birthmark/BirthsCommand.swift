import ArgumentParser
import CommandLineContract
import Messages
import VerifierClient

struct BirthsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "births",
        abstract: "Births of devices, as they come from a factory line.",
        discussion: """
            Example:
              birthmark births import births.json --trust trust.json \\
                  --operator operators/line-1
            """,
        subcommands: [Import.self, Stations.self]
    )

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Brings a bundle of births to the verifier.",
            discussion: """
                Births that the verifier has already are no error; one that is refused ends with 1. A bundle that is not whole, or \
                of no station that the verifier trusts, is refused whole. Interrupted, the same command again finishes it.

                Who brings it has the role factory, which those who act on devices need not have: birthmark-verifier operator.

                Example:
                  birthmark births import births.json --trust trust.json \\
                      --operator operators/line-1
                """
        )

        @Argument(help: ArgumentHelp("What birthmark-factory export wrote.", valueName: "bundle"))
        var path: String

        @OptionGroup var verifier: VerifierOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let bytes = try InputFile.read(path, limit: BirthBundle.maximumSize, what: "the birth bundle")
            let bundle = try parsing(path, of: "birthmark-factory export --out") { () throws(MessageError) in
                try BirthBundle(parsing: bytes)
            }
            let answer: BirthsAnswer
            do {
                answer = try await verifier.ask { client in try await client.importBirths(bundle) }
            } catch let error as VerifierClientError {
                guard case .problem(let problem) = error,
                    let reason = problem.reasons?.first.flatMap(BundleReason.init(rawValue:))
                else { throw error }
                throw CommandFailure(.refused, problem.title, hint: reason.hint, reasons: [reason.rawValue])
            }
            try output.print(answer) {
                func rows(_ outcomes: [BirthOutcome], _ imported: String) -> [[String]] {
                    outcomes.map { outcome in
                        [
                            outcome.serial?.text ?? "?", outcome.instance?.text ?? "?",
                            outcome.outcome == .imported ? imported : outcome.outcome.rawValue, outcome.detail ?? "",
                        ]
                    }
                }
                let rows = rows(answer.births, "imported") + rows(answer.restorations, "restored")
                return
                    ([table(["SERIAL", "INSTANCE", "OUTCOME", ""], rows)]
                    + answer.missing.map { "\($0.text(of: answer.station)); bring it next" }).joined(separator: "\n")
            }
            if (answer.births + answer.restorations).contains(where: { $0.outcome == .refused }) {
                throw ExitStatus.refused.code
            }
        }
    }

    struct Stations: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists stations, and bundles that have not arrived.",
            discussion: """
                A station numbers its bundles; one that is lost leaves a gap. birthmark-factory export --bundle NUMBER makes it again at the \
                station.

                Example: birthmark births stations --trust trust.json --operator operators/alice
                """
        )

        @OptionGroup var verifier: VerifierOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let list = try await verifier.ask { client in try await client.stations() }
            try output.print(list) {
                let rows = list.stations.map { station in
                    [
                        station.station.text, station.until.map(UTCTime.text) ?? "not trusted", "\(station.bundles)",
                        "\(station.latest)",
                    ]
                }
                let gaps = list.stations.flatMap { station in
                    station.missing.map { $0.text(of: station.station) }
                        + station.unfinished.map {
                            "bundle \($0) of \(station.station) was not finished; import it again"
                        }
                }
                return ([table(["STATION", "TRUSTED UNTIL", "BUNDLES", "LATEST"], rows)] + gaps)
                    .joined(separator: "\n")
            }
        }
    }
}

extension NumberRange {
    /// What is missing, for people.
    fileprivate func text(of station: Label) -> String {
        first == last
            ? "bundle \(first) of \(station) has not arrived"
            : "bundles \(first) to \(last) of \(station) have not arrived"
    }
}
