import ArgumentParser
import CommandLineContract
import Messages
import VerifierClient

/// The two ends of a release.
extension ReleaseCommand {
    struct Withdraw: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Withdraws a release: it is granted to nobody more.",
            discussion: """
                Grants that were not spent end.

                Example:
                  birthmark release withdraw 3b5d… --reason 'bricks revision C' \\
                      --trust trust.json --operator operators/alice
                """
        )

        @OptionGroup var end: EndArguments

        func run() async throws {
            try await end.run("withdrawn") { client, release, reason in
                try await client.withdrawRelease(release, reason)
            }
        }
    }

    struct Recall: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Recalls a release: nobody who runs it is trusted.",
            discussion: """
                That ends with another release.

                Nothing of it is granted any more, as after withdraw, and the leases of devices that run it end, one after the other; of a \
                device that asks before its turn, at once. They are given short ones, as after a fall back, that are good for an update \
                away from it.

                Example:
                  birthmark release recall 3b5d… --reason 'leaks keys' --trust trust.json \\
                      --operator operators/alice
                """
        )

        @OptionGroup var end: EndArguments

        func run() async throws {
            try await end.run("recalled") { client, release, reason in
                try await client.recallRelease(release, reason)
            }
        }
    }
}

struct EndArguments: ParsableArguments {
    @OptionGroup var release: ReleaseArgument
    @OptionGroup var reason: ReasonOption
    @OptionGroup var verifier: VerifierOptions
    @OptionGroup var output: OutputOptions

    func run(
        _ done: String,
        _ act: (VerifierClient, ContentDigest, OperatorReason) async throws -> ReleaseReport
    ) async throws {
        let reason = try reason.checked()
        let report = try await verifier.ask(about: .release(release.manifest)) { client in
            try await act(client, release.manifest, reason)
        }
        try output.print(report) { "\(done): \(report.release.name) \(report.release.version)" }
    }
}
