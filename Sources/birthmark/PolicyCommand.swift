import Appraisal
import ArgumentParser
import CommandLineContract
import Messages
import UpdateTrust
import VerifierClient

struct PolicyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "The policy that decides what devices may have.",
        discussion: "Example: birthmark policy check Provisioning/policies/default.json",
        subcommands: [Check.self, Explain.self]
    )

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says whether a policy file is one, and what is wrong with it.",
            discussion: "Example: birthmark policy check Provisioning/policies/default.json"
        )

        @Argument(help: ArgumentHelp("The policy.", valueName: "file"))
        var path: String
        @OptionGroup var output: OutputOptions

        private struct Report: Encodable {
            var digest: ContentDigest
            var rules: [String]
        }

        func run() async throws {
            let bytes = try InputFile.read(path, limit: Policy.maximumSize, what: "the policy")
            let policy = try parsing(path) { () throws(MessageError) in
                let policy = try Policy(parsing: bytes)
                for rules in policy.ima.values { _ = try IMAPolicy(rules) }
                return policy
            }
            let report = Report(digest: policy.digest, rules: policy.rules.map(\.id.text))
            try output.print(report) {
                "\(path) is a policy with the rules \(report.rules.joined(separator: ", ")); digest \(report.digest)"
            }
        }
    }

    struct Explain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says which rule would decide for a device, and why.",
            discussion: """
                Example: birthmark policy explain GW-0001 --release 3b5d… --trust trust.json --operator operators/alice
                """
        )

        @OptionGroup var device: DeviceArgument
        @Option(help: ArgumentHelp("The release it would ask for, by its manifest digest.", valueName: "manifest"))
        var release: ContentDigest?
        @OptionGroup var verifier: VerifierOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let explanation = try await verifier.ask { client in
                let instance = try await client.instance(device.name).instance
                return try await client.explain(PolicyQuestion(instance: instance, manifest: release))
            }
            try output.print(explanation) {
                let rules = explanation.rules.map {
                    "\($0.matches ? "fits    " : "does not")  \($0.rule): \($0.because)"
                }
                let outcome =
                    explanation.refusals.isEmpty
                    ? "nothing stands against it" : "refused: \(explanation.refusals.joined(separator: ", "))"
                return (rules + ["decides: \(explanation.rule ?? "no rule")", outcome]).joined(separator: "\n")
            }
        }
    }
}
