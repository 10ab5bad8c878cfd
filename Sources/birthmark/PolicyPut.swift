import ArgumentParser
import CommandLineContract
import Messages
import UpdateTrust
import VerifierClient

struct PolicyPut: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "put",
        abstract: "Puts a policy into force, in your name.",
        discussion: """
            The file is looked at here as birthmark policy check does, and by the verifier as it does its own. You sign for it, and the \
            ledger names the policy, you and the reason; decisions that are under way are taken again under it. The verifier's file of the \
            policy is replaced. What the change would mean for what was decided before, birthmark policy diff says.

            Example:
              birthmark policy put policy.json --reason 'nights only, ticket 12' \\
                  --trust trust.json --operator operators/alice
            """
    )

    @Argument(help: ArgumentHelp("The policy.", valueName: "file"))
    var path: String
    @OptionGroup var reason: ReasonOption
    @OptionGroup var verifier: VerifierOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let bytes = try InputFile.read(path, limit: Policy.maximumSize, what: "the policy")
        _ = try PolicyCommand.Check.newPolicy(bytes, path)
        guard let order = PolicyOrder(bytes, reason: try reason.checked().reason.text) else {
            throw CommandFailure(.malformed, "--reason takes one line", hint: "say in one line why")
        }
        let report = try await verifier.ask { client in try await client.putPolicy(order) }
        try output.print(report) {
            facts([
                ("in force", "\(report.digest)"),
                ("replaces", report.replaces.map { "\($0)" } ?? "nothing: it was in force already"),
                ("entry", report.entry.map { "\($0)" }),
            ])
        }
    }
}
