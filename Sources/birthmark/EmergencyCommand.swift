import ArgumentParser
import CommandLineContract
import Messages
import VerifierClient

struct EmergencyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "emergency",
        abstract: "Lets two people lift a window or a halted rollout.",
        discussion: """
            They lift a maintenance window or a halted rollout for one release.

            Example: birthmark emergency list --trust trust.json --operator operators/alice
            """,
        subcommands: [Declare.self, List.self]
    )

    struct Declare: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Declares an emergency for a release in your name.",
            discussion: """
                With another person's it lifts something.

                It ends by itself: there is no act to end it. It stands on the ledger, in the log as an error and in every report, and \
                each grant that needed it names both people.

                Example:
                  birthmark emergency declare 3b5d… --override window --hours 4 \\
                      --reason 'incident 7' --trust trust.json --operator operators/alice
                """
        )

        @OptionGroup var release: ReleaseArgument
        @Option(
            name: .customLong("override"),
            help: ArgumentHelp("What it lifts: window or halted-rollout; repeat for both.", valueName: "what")
        )
        var overrides: [EmergencyOverride]
        @Option(help: ArgumentHelp("For how long, 1 to 24 hours.", valueName: "n"))
        var hours = 4
        @OptionGroup var reason: ReasonOption
        @OptionGroup var verifier: VerifierOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let reason = try reason.checked().reason.text
            let order = EmergencyOrder(
                release: release.manifest,
                overrides: overrides,
                hours: hours,
                reason: reason
            )
            guard let order else {
                throw CommandFailure(
                    .malformed,
                    "--override is given at least once and each of them once, --hours takes 1 to \(EmergencyOrder.maximumHours)",
                    hint: "declare it again when the time was too short"
                )
            }
            let list = try await verifier.ask(about: .release(release.manifest)) { client in
                try await client.declareEmergency(order)
            }
            try output.print(list) { list.text }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows the emergencies that are not over.",
            discussion: """
                It shows what is lifted by them, too.

                Example: birthmark emergency list --trust trust.json --operator operators/alice
                """
        )

        @OptionGroup var verifier: VerifierOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let list = try await verifier.ask { client in try await client.emergencies() }
            try output.print(list) { list.text }
        }
    }
}

extension EmergencyList {
    /// For people; what one person alone has declared is told apart from what is lifted.
    var text: String {
        guard !declared.isEmpty else { return "no emergency" }
        let rows = declared.map { report in
            [
                report.by.text, report.release.description, report.overrides.map(\.rawValue).joined(separator: ", "),
                UTCTime.text(report.until), report.reason,
            ]
        }
        let lifted = inForce.map { held in
            let people = held.by.map(\.text).joined(separator: " and ")
            return "LIFTED: \(held.lifts.rawValue) for \(held.release) until \(UTCTime.text(held.until)), by \(people)"
        }
        let nothing = "nothing is lifted: it takes another person who names the same release and override"
        return ([table(["BY", "RELEASE", "LIFTS", "UNTIL", "REASON"], rows)] + (lifted.isEmpty ? [nothing] : lifted))
            .joined(separator: "\n")
    }
}
