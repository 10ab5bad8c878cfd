import ArgumentParser
import CommandLineContract
import Messages
import VerifierClient

extension DeviceCommand {
    struct Explain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says why a device's boot was refused.",
            discussion: """
                It shows what was expected, what came, and the first event that differs.

                Example:
                  birthmark device explain GW-0001 --trust trust.json \\
                      --operator operators/alice
                """
        )

        @OptionGroup var device: DeviceArgument
        @OptionGroup var verifier: VerifierOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let explanation = try await verifier.ask(about: .refusedBoot(of: device.name)) { client in
                try await client.refusedBoot(of: device.name)
            }
            try output.print(explanation) { describe(explanation) }
        }
    }

    struct AllowBoot: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets a refused boot through that was reviewed.",
            discussion: """
                Its PCRs are let through for this device.

                For updates of the firmware or of Secure Boot's lists. Only the PCRs named take the values of the evidence \
                named, in place of the expected ones; all others stay exact. The device stays suspended until it is reinstated.

                Example:
                  birthmark device allow-boot GW-0001 --evidence QUOTE --pcr 7 \\
                      --reason 'dbx of 2026-11, ticket 812'
                """
        )

        @OptionGroup var device: DeviceArgument
        @Option(help: ArgumentHelp("The evidence that was reviewed, as explain names it.", valueName: "quote"))
        var evidence: ContentDigest
        @Option(help: ArgumentHelp("A PCR that may have moved; repeat for several.", valueName: "number"))
        var pcr: [Int]
        @OptionGroup var reason: ReasonOption
        @OptionGroup var verifier: VerifierOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let reason = try reason.checked().reason.text
            guard let addition = BootAddition(quote: evidence, pcrs: pcr, reason: reason) else {
                throw CommandFailure(
                    .malformed,
                    "--pcr takes numbers from 0 to 23, each once",
                    hint: "explain lists them"
                )
            }
            let report = try await verifier.ask(about: .refusedBoot(of: device.name)) { client in
                try await client.allowBoot(of: device.name, addition)
            }
            try output.print(report) { describe(report) }
        }
    }
}

private func describe(_ explanation: BootExplanation) -> String {
    var lines = [
        facts([
            ("serial", explanation.serial.text),
            ("refused", UTCTime.text(explanation.refusedAt)),
            ("reasons", explanation.reasons.joined(separator: ", ")),
            ("evidence", explanation.quote.description),
            ("log", explanation.log?.description ?? "none"),
            (
                "compared with",
                explanation.expectedLog.map { "\($0), a log of the boot \(explanation.expectedBoot ?? "expected")" }
                    ?? "no log of an expected boot"
            ),
        ])
    ]
    for boot in explanation.boots {
        lines.append("\(boot.boot): " + (boot.differing.isEmpty ? "every PCR is as expected" : "these PCRs differ"))
        for pcr in boot.differing {
            lines.append("  PCR \(pcr.pcr)")
            lines.append("    expected \(pcr.expected)")
            lines.append("    seen     \(pcr.seen?.description ?? "not quoted")")
        }
    }
    for difference in explanation.events {
        lines.append("PCR \(difference.pcr) parts after \(difference.position) equal events")
        lines.append("  expected " + describe(difference.expected))
        lines.append("  seen     " + describe(difference.seen))
    }
    return (lines + explanation.notes.map { "note: \($0)" }).joined(separator: "\n")
}

private func describe(_ event: BootExplanation.Event?) -> String {
    guard let event else { return "no further event" }
    let meaning = event.meaning.map { text in
        // A log must not forge lines of ours.
        let shown = text.unicodeScalars.map { $0.escaped(asASCII: true) }.joined()
        return ": " + shown + (event.isMeasured ? "" : " (claimed, not measured)")
    }
    return "event \(event.event), \(event.type)" + (meaning ?? "")
        + (event.digest.map { "\n           digest \($0)" } ?? "")
}
