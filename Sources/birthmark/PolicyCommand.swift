import Appraisal
import ArgumentParser
import CommandLineContract
import DurableFiles
import Messages
import UpdateTrust
import VerifierClient

struct PolicyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "The policy that decides what devices may have.",
        discussion: "Example: birthmark policy check Provisioning/policies/default.json",
        subcommands: [Check.self, Explain.self, PolicyDiff.self, PolicyPut.self]
    )

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says whether a policy file is one.",
            discussion: """
                If not, it says what is wrong with it.

                What a policy can say is in Provisioning/policies/README.md, with examples.

                Example: birthmark policy check Provisioning/policies/default.json
                """
        )

        @Argument(help: ArgumentHelp("The policy.", valueName: "file"))
        var path: String
        @OptionGroup var output: OutputOptions

        private struct Report: Encodable {
            var digest: ContentDigest
            var rules: [String]
            var windows: [Window]
            /// The rules whose grants witnesses of the ledger have to sign for.
            var witnesses: [Witnesses]
        }

        private struct Witnesses: Encodable {
            var rule: String
            var count: Int
            var says: String
        }

        private struct Window: Encodable {
            var rule: String
            var says: String
        }

        func run() async throws {
            let bytes = try InputFile.read(path, limit: Policy.maximumSize, what: "the policy")
            let policy = try Self.newPolicy(bytes, path)
            let report = Report(
                digest: policy.digest,
                rules: policy.rules.map(\.id.text),
                windows: policy.rules.compactMap { rule in
                    rule.window.map { Window(rule: rule.id.text, says: $0.says(at: UTCTime.now)) }
                },
                witnesses: policy.rules.compactMap { rule in
                    guard let count = rule.witnesses, let says = rule.witnessesSay else { return nil }
                    return Witnesses(rule: rule.id.text, count: count, says: says)
                }
            )
            try output.print(report) {
                let rules = report.rules.joined(separator: ", ")
                let first = "\(path) is a policy with the rules \(rules); digest \(report.digest)"
                let windows = report.windows.map { "rule \($0.rule): \($0.says)" }
                let witnesses = report.witnesses.map {
                    "rule \($0.rule): \($0.says); a verifier that knows fewer does not take the policy up"
                }
                return ([first] + windows + witnesses).joined(separator: "\n")
            }
        }

        /// Reads a policy that is to come into force.
        static func newPolicy(_ bytes: [UInt8], _ path: String) throws(CommandFailure) -> Policy {
            let new = try policy(bytes, path)
            try parsing(path, hint: hint) { () throws(MessageError) in try new.checkNew() }
            return new
        }

        /// What helps with a policy that is none: a person has written it.
        static let hint = "what a policy can say is in Provisioning/policies/README.md, with examples"

        /// Reads a policy with the keys, digests and time zones in it.
        static func policy(_ bytes: [UInt8], _ path: String) throws(CommandFailure) -> Policy {
            try parsing(path, hint: hint) { () throws(MessageError) in
                let policy = try Policy(parsing: bytes) { ZoneInfo.file(of: $0.text) }
                for rules in policy.ima.values { _ = try IMAPolicy(rules) }
                return policy
            }
        }
    }

    struct Explain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says which rule would decide for a device, and why.",
            discussion: """
                It can show the whole policy as a table instead.

                With --matrix: of every tier and kind of move, whether the policy lets it, for how long and on what conditions; for each \
                model, revision, environment and package that its rules name, or for those that you name.

                Example:
                  birthmark policy explain GW-0001 --release 3b5d… --trust trust.json \\
                      --operator operators/alice
                As a table:
                  birthmark policy explain --matrix --file policy.json --model gw-100 \\
                      --package app
                """
        )

        @Argument(help: ArgumentHelp("The device's serial number or instance id.", valueName: "device"))
        var device: Label?
        @Option(
            help: ArgumentHelp(
                "The release it would ask for, by its manifest digest, 64 hexadecimal digits, as release list shows it.",
                valueName: "manifest"
            )
        )
        var release: ContentDigest?
        @OptionGroup var matrix: MatrixOptions
        @OptionGroup var verifier: VerifierOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard matrix.matrix == (device == nil) else {
                throw ValidationError("name a device, or ask for the whole with --matrix")
            }
            guard !matrix.matrix || release == nil else { throw ValidationError("--release goes with a device") }
        }

        func run() async throws {
            guard let device else { return try await showMatrix() }
            let explanation = try await verifier.ask(about: .device(device, andRelease: release)) { client in
                let instance = try await client.instance(device).instance
                return try await client.explain(PolicyQuestion(instance: instance, manifest: release))
            }
            try output.print(explanation) {
                let rules = explanation.rules.map {
                    "\($0.matches ? "fits    " : "does not")  \($0.rule): \($0.because)"
                }
                let outcome =
                    explanation.refusals.isEmpty
                    ? "nothing stands against it" : "refused: \(explanation.refusals.joined(separator: ", "))"
                let decides = "decides: \(explanation.rule ?? "no rule")"
                return (rules + [decides, outcome] + explanation.details).joined(separator: "\n")
            }
        }
    }
}
