import ArgumentParser
import CommandLineContract
import Messages
import VerifierClient

extension DeviceCommand {
    struct SettleFork: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says which of two copies of a device goes on.",
            discussion: """
                It is a device without a TPM. The copy that is named is taken back.

                A key of the device that was left behind has signed: there is a copy of its disk, or an old state was put back. device show \
                says how far each was. Look at the device itself first; whether the known one ever speaks again tells a copy from a backup.

                Examples:
                  birthmark device settle-fork SENSOR-0007 --line known \\
                      --reason 'the copy was in the repair shop'
                  birthmark device settle-fork SENSOR-0007 --line other \\
                      --reason 'restored from its backup'
                """
        )

        @OptionGroup var device: DeviceArgument
        @Option(
            help: ArgumentHelp(
                "known: the one that the verifier knew; other: the one whose key was left behind.",
                valueName: "known|other"
            )
        )
        var line: ForkCopy
        @OptionGroup var reason: ReasonOption
        @OptionGroup var verifier: VerifierOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            guard let order = ForkOrder(line, reason: try reason.checked().reason.text) else {
                throw CommandFailure(.malformed, "a reason is one line", hint: "say it in one line")
            }
            let report = try await verifier.ask(about: .device(device.name)) { client in
                try await client.settleFork(of: device.name, order)
            }
            try output.print(report) { describe(report) }
        }
    }
}
