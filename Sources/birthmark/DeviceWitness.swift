import ArgumentParser
import CommandLineContract
import Messages
import VerifierClient

extension DeviceCommand {
    struct Witness: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a code for somebody who stands at a device.",
            discussion: """
                It is shown this once. The device has no TPM.

                Read it out to the person at the device, who types it: birthmark-device update … --witness-code 12345-67890. It is good \
                for one release, once, for some minutes, and five wrong ones end it. It shows that you two spoke to each other, and \
                nothing of the device.

                Example:
                  birthmark device witness SENSOR-0007 --release 3b5d… \\
                      --reason 'change 12, Bob is on site'
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
        @Option(help: ArgumentHelp("For how long it is good, 1 to 60 minutes.", valueName: "n"))
        var minutes = 15
        @OptionGroup var reason: ReasonOption
        @OptionGroup var verifier: VerifierOptions
        @OptionGroup var output: OutputOptions

        private struct Report: Encodable {
            var code: String
            var instance: InstanceID
            var release: ContentDigest
            var until: Int64
            var entry: ContentDigest
        }

        func run() async throws {
            let reason = try reason.checked().reason.text
            guard let order = WitnessCodeOrder(release: release, minutes: minutes, reason: reason) else {
                throw CommandFailure(
                    .malformed,
                    "--minutes takes 1 to \(WitnessCodeOrder.maximumMinutes)",
                    hint: "have another made when the person stands at the device"
                )
            }
            let answer = try await verifier.ask(about: .device(device.name, andRelease: release)) { client in
                try await client.giveWitnessCode(at: device.name, order)
            }
            let report = Report(
                code: answer.code.spoken,
                instance: answer.instance,
                release: answer.release,
                until: answer.until,
                entry: answer.entry
            )
            try output.print(report) {
                facts([
                    ("code", report.code),
                    ("instance", report.instance.text),
                    ("release", "\(report.release)"),
                    ("good until", UTCTime.text(report.until)),
                    ("entry", "\(report.entry), as ledger show takes it; it does not have the code"),
                ])
            }
        }
    }
}
