import ArgumentParser
import CommandLineContract
import Messages
import VerifierClient

struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Which keys count, and the end of one in other hands.",
        discussion: """
            Examples:
              birthmark key list --trust trust.json --operator operators/alice
              birthmark key compromised station line-1 --reason 'laptop stolen' \\
                  --dry-run --trust trust.json --operator operators/alice
            """,
        subcommands: [List.self, Compromised.self]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists every key that the verifier knows.",
            discussion: """
                It says what each is for, whether it counts, and what it is called.

                In use: the verifier signs with it, or takes its word. Named: devices believe it, and nothing is signed with it now. Former: it \
                counted once. What a key is called is what birthmark key compromised takes, and behind its kind birthmark trust draft --drop for the \
                verifier's own. A factory's CA is neither reported nor dropped: its certificate is taken out of the verifier's factory roots.

                Example: birthmark key list --trust trust.json --operator operators/alice
                """
        )

        @OptionGroup var verifier: VerifierOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let list = try await verifier.ask { client in try await client.keys() }
            try output.print(list) {
                table(
                    ["FOR", "STANDING", "KEY", "NAME"],
                    list.keys.map { key in
                        let standing = Self.words(key.standing)
                        return [
                            key.role.rawValue, key.compromised == true ? "compromised, \(standing)" : standing, key.id,
                            key.name ?? "",
                        ]
                    }
                )
            }
        }

        private static func words(_ standing: KnownKey.Standing) -> String {
            switch standing {
            case .inUse: "in use"
            case .named: "named"
            case .former: "former"
            }
        }
    }

    struct Compromised: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says that a key is in other hands.",
            discussion: """
                What hangs on it ends with that, in one act.

                Grants that the key has signed and that nobody has spent; devices whose birth it has signed; releases that too few have signed \
                without it. With --dry-run nothing is changed, and the answer says what would be. Keys are named as birthmark key list prints \
                them, stations and witnesses by their names.

                Examples:
                  birthmark key compromised grant NzbLsXh8… --reason 'server broken into' \\
                      --dry-run --trust trust.json --operator operators/alice
                  birthmark key compromised station line-1 --reason 'laptop stolen' \\
                      --trust trust.json --operator operators/alice
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
            let text = try reason.checked().reason.text
            guard let order = CompromiseOrder(kind, name, reason: text, isRehearsal: dryRun) else {
                throw CommandFailure(
                    .malformed,
                    "\"\(name)\" is no name of a key",
                    hint: "birthmark key list prints them"
                )
            }
            let report = try await verifier.ask(about: .key(name, for: kind)) { client in
                try await client.reportCompromise(order)
            }
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
