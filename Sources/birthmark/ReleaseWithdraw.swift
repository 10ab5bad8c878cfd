import ArgumentParser
import CommandLineContract
import Messages
import VerifierClient

/// The two ends of a release.
extension ReleaseCommand {
    struct Withdraw: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Withdraws a release: nothing of it is granted any more, and grants that were not spent end.",
            discussion: """
                Example:
                  birthmark release withdraw 3b5d… --reason 'bricks revision C' \\
                      --trust trust.json --operator operators/alice
                """
        )

        @OptionGroup var release: ReleaseArgument
        @OptionGroup var reason: ReasonOption
        @OptionGroup var verifier: VerifierOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let reason = try reason.checked()
            let report = try await verifier.ask(about: .release(release.manifest)) { client in
                try await client.withdrawRelease(release.manifest, reason)
            }
            try output.print(report) { "withdrawn: \(report.release.name) \(report.release.version)" }
        }
    }

    struct Recall: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Recalls a release: nobody is trusted who runs it, until it runs another.",
            discussion: """
                Nothing of it is granted any more, as after withdraw, and the leases of devices that run it end. They are given short \
                ones, as after a fall back, that are good for an update away from it.

                Example:
                  birthmark release recall 3b5d… --reason 'leaks keys' --trust trust.json \\
                      --operator operators/alice
                """
        )

        @OptionGroup var release: ReleaseArgument
        @OptionGroup var reason: ReasonOption
        @OptionGroup var verifier: VerifierOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let reason = try reason.checked()
            let report = try await verifier.ask(about: .release(release.manifest)) { client in
                try await client.recallRelease(release.manifest, reason)
            }
            try output.print(report) { "recalled: \(report.release.name) \(report.release.version)" }
        }
    }
}
