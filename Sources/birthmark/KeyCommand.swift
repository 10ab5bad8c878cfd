import ArgumentParser
import CommandLineContract
import Messages
import VerifierClient

struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Ends what hangs on a key that is in other hands.",
        discussion: """
            Example: birthmark key compromised station line-1 --reason 'laptop stolen' --dry-run --trust trust.json \
            --operator operators/alice
            """,
        subcommands: [Compromised.self]
    )

    struct Compromised: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says that a key is in other hands, and ends in one act what hangs on it.",
            discussion: """
                Grants that the key has signed and that nobody has spent; devices whose birth it has signed; releases that too few have signed \
                without it. With --dry-run nothing is changed, and the answer says what would be. Keys are named as birthmark trust sign prints \
                them, stations and witnesses by their names.

                Examples:
                  birthmark key compromised grant NzbLsXh8… --reason 'server broken into' --dry-run --trust trust.json --operator operators/alice
                  birthmark key compromised station line-1 --reason 'laptop stolen' --trust trust.json --operator operators/alice
                """
        )

        @Argument(help: "grant, results, ledger, witness, release, station or trust.")
        var kind: KeyKind
        @Argument(help: ArgumentHelp("Which key.", valueName: "name"))
        var name: String
        @Flag(help: "Only say what would be ended.")
        var dryRun = false
        @OptionGroup var reason: ReasonOption
        @OptionGroup var verifier: VerifierOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let text = try reason.checked().reason
            guard let order = CompromiseOrder(kind, name, reason: text, isRehearsal: dryRun) else {
                throw CommandFailure(
                    .malformed,
                    "\"\(name)\" is no name of a key",
                    hint: "birthmark trust sign prints them"
                )
            }
            let report = try await verifier.ask { client in try await client.reportCompromise(order) }
            try output.print(report) {
                facts([
                    (dryRun ? "would end" : "ended", "\(report.kind.rawValue):\(report.key)"),
                    ("grants", "\(report.grants)"),
                    ("devices", "\(report.instances) suspended"),
                    ("releases", "\(report.releases) withdrawn"),
                    ("entry", report.entry.map { "\($0)" }),
                    ("next", report.next),
                ])
            }
        }
    }
}
