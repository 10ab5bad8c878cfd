import ArgumentParser
import CommandLineContract
import Messages
import VerifierClient

extension DeviceCommand {
    struct AllowDowngrade: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets a device go below its security floor once.",
            discussion: """
                One release below it can be installed once, for a while.

                The policy has to allow downgrades too, and nothing goes below what the device was born with. The floor stays where \
                it is, here and in the device's TPM: each further install below it needs its own act.

                Example:
                  birthmark device allow-downgrade GW-0001 --release 3b5d… --hours 24 \\
                      --reason 'modem, ticket 812'
                """
        )

        @OptionGroup var device: DeviceArgument
        @Option(
            help: ArgumentHelp(
                "The release, by its manifest digest, 64 hexadecimal digits, as release list shows it.",
                valueName: "manifest"
            )
        )
        var release: ContentDigest
        @Option(help: ArgumentHelp("For how long, 1 to 168 hours.", valueName: "n"))
        var hours = 24
        @OptionGroup var reason: ReasonOption
        @OptionGroup var verifier: VerifierOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let reason = try reason.checked().reason.text
            guard let order = DowngradeOrder(manifest: release, hours: hours, reason: reason) else {
                throw CommandFailure(
                    .malformed,
                    "--hours takes 1 to \(DowngradeOrder.maximumHours)",
                    hint: "allow it again when the time was too short"
                )
            }
            let report = try await verifier.ask(about: .device(device.name, andRelease: release)) { client in
                try await client.allowDowngrade(of: device.name, order)
            }
            try output.print(report) { describe(report) }
        }
    }
}
