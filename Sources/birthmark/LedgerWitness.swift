import ArgumentParser
import CommandLineContract
import Ledger
import WitnessService

/// A witness of other people's ledgers.
struct LedgerWitness: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "witness",
        abstract: "A small witness of ledgers, to be run elsewhere.",
        discussion: """
            It cosigns checkpoints of ledgers that only ever grow.

            It should be run by somebody else than the verifier's operator, on another machine: its word is worth what they cannot do together. \
            It sees sizes and hashes, and no entry.

            Examples:
              birthmark ledger witness init w1 --name witness.example/w1 \\
                  --log 'birthmark/ledger+9f3c…+AQ…' --host witness.example
              birthmark ledger witness serve w1
            """,
        subcommands: [Init.self, Serve.self, Show.self, Accept.self]
    )

    struct Init: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a witness's directory, or adds a ledger to it.",
            discussion: """
                It prints the witness's key.

                The key and roots.pem go to the verifier's directory: the latter as a file there, and both into its config.json as
                  "witnesses": {"required": 1, "known": [{"vkey": "…",
                    "url": "https://witness.example:8447", "tlsRoots": "w1-roots.pem"}]}

                Devices count its lines once a trust bundle names it (birthmark trust draft --witness). Run again it replaces nothing. \
                While the witness serves it is not added to: it has read which ledgers there are.

                Example:
                  birthmark ledger witness init w1 --name witness.example/w1 \\
                      --log "$(jq -r .ledgerKey trust.json)" --host witness.example
                """
        )

        @Argument(help: ArgumentHelp("The witness's directory.", valueName: "dir"), completion: .directory)
        var path: String
        @Option(
            help: ArgumentHelp("Its name, such as witness.example/w1; it cannot be changed later.", valueName: "name")
        )
        var name: String?
        @Option(
            help: ArgumentHelp(
                "The key of a ledger that it cosigns: \"ledgerKey\" in a verifier's trust.json; repeat for several.",
                valueName: "vkey"
            )
        )
        var log: [String] = []
        @Option(help: ArgumentHelp("Where to listen; default: 127.0.0.1:8447.", valueName: "address:port"))
        var listen: String?
        @Option(
            help: ArgumentHelp(
                "Names and addresses for the TLS certificate, with commas; default: localhost,127.0.0.1.",
                valueName: "hosts"
            )
        )
        var host: String?
        @OptionGroup var output: OutputOptions

        private struct Report: Encodable {
            var name: String
            var vkey: String
            var roots: String
            var logs: [String]
        }

        func run() throws {
            let directory = WitnessDirectory(path)
            let kept = try? directory.read()
            guard let name = name ?? kept?.name else {
                throw CommandFailure(.malformed, "--name is missing", hint: "such as witness.example/w1")
            }
            var keys: [VerifierKey] = []
            for text in log {
                do { keys.append(try VerifierKey(parsing: text)) } catch {
                    throw CommandFailure(
                        .malformed,
                        "--log \(text): \(error)",
                        hint: "give \"ledgerKey\" of trust.json"
                    )
                }
            }
            let wanted = WitnessConfiguration(
                name: name,
                listen: listen ?? kept?.listen ?? "127.0.0.1:8447",
                hosts: host.map { $0.split(separator: ",").map(String.init) } ?? kept?.hosts ?? [
                    "localhost", "127.0.0.1",
                ],
                logs: keys
            )
            let key = try directory.make(wanted, now: UTCTime.now)
            let logs = try directory.read().logs
            try output.print(Report(name: name, vkey: key.text, roots: directory.roots, logs: logs)) {
                facts([
                    ("key", key.text), ("TLS roots", directory.roots),
                    ("ledgers", logs.isEmpty ? "none yet: --log" : logs.joined(separator: ", ")),
                    ("next", "birthmark ledger witness serve \(path)"),
                ])
            }
        }
    }
}
