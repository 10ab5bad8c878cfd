import ArgumentParser
import CommandLineContract
import Messages
import VerifierClient

extension DeviceCommand {
    struct Updates: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows what a device was granted, and what came.",
            discussion: """
                An update is granted, installed (its grant is spent), booted and confirmed, as quotes show it; or it comes to nothing: \
                lapsed (never installed), superseded, rolled-back, rescued, failed, withdrawn. It is unconfirmed when the grant's time \
                is over and no quote has come since.

                Example:
                  birthmark device updates GW-0001 --trust trust.json \\
                      --operator operators/alice
                """
        )

        @OptionGroup var device: DeviceArgument
        @OptionGroup var verifier: VerifierOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let list = try await verifier.ask(about: .device(device.name)) { client in
                try await everyPage { (before) async throws(VerifierClientError) in
                    try await client.updates(of: device.name, before: before)
                }
            }
            try output.print(list) { describe(list) }
        }
    }
}

extension ReleaseCommand {
    struct Updates: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows whom a release was granted to, and what came.",
            discussion: """
                Example:
                  birthmark release updates 3b5d… --trust trust.json \\
                      --operator operators/alice
                """
        )

        @OptionGroup var release: ReleaseArgument
        @OptionGroup var verifier: VerifierOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let list = try await verifier.ask(about: .release(release.manifest)) { client in
                try await everyPage { (before) async throws(VerifierClientError) in
                    try await client.updates(of: release.manifest, before: before)
                }
            }
            try output.print(list) { describe(list) }
        }
    }
}

private func everyPage(
    _ page: (Int64?) async throws(VerifierClientError) -> UpdateList
) async throws(VerifierClientError) -> UpdateList {
    var all = try await page(nil)
    while let next = all.next {
        let more = try await page(next)
        all.updates += more.updates
        all.next = more.next
    }
    return all
}

private func describe(_ list: UpdateList) -> String {
    let totals = [list.totals, list.tiers].compactMap { $0 }.filter { !$0.isEmpty }.map { counted($0) + "\n" }.joined()
    return totals
        + table(
            ["INSTANCE", "TIER", "MANIFEST", "STAGE", "SEEN"],
            list.updates.map { update in
                [
                    update.instance.text, update.tier?.rawValue ?? "unknown", update.manifest.description, update.stage,
                    update.steps.map { "\($0.stage) \(UTCTime.text($0.at))" }.joined(separator: ", "),
                ]
            }
        )
}

/// How many of each, for people.
func counted(_ counts: [String: Int]) -> String {
    counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
}
