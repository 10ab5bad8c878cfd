import ArgumentParser
import CommandLineContract
import DurableFiles
import Messages
import VerifierClient

extension DeviceCommand {
    struct LowerTier: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets a device speak with a software key for a while.",
            discussion: """
                That is for some days, where its TPM does not serve any more.

                The device makes the key: birthmark-device enrol --out request.json. Its lease and grants end, and until then it has what \
                the policy lets devices without a TPM have; evidence of its TPM is refused meanwhile. When the days are over, or with \
                raise-tier, all of that ends, and its TPM speaks for it again.

                Whose key the request has is believed: compare the instance that is named first with the one that birthmark-device enrol \
                has named at the device.

                Example:
                  birthmark device lower-tier GW-0001 --key request.json --days 7 \\
                      --reason 'TPM dead, board ordered' --out lowered.json
                """
        )

        @OptionGroup var device: DeviceArgument
        @Option(help: ArgumentHelp("The request with the key that the device has made.", valueName: "file"))
        var key: String
        @Option(help: ArgumentHelp("For how long, 1 to 31 days.", valueName: "n"))
        var days: Int
        @OptionGroup var reason: ReasonOption
        @Option(help: ArgumentHelp("Where the file goes that the device takes over.", valueName: "file"))
        var out: String
        @OptionGroup var verifier: VerifierOptions
        @OptionGroup var output: OutputOptions

        private struct Report: Encodable {
            var instance: InstanceID
            var serial: Label
            /// What the device called itself when it made the key.
            var madeAs: InstanceID
            var lowered: LoweredMark
            var file: String
        }

        func run() async throws {
            let reason = try reason.checked().reason.text
            let bytes = try InputFile.read(key, limit: KeyRequest.maximumSize, what: "the device's request")
            let request = try parsing(key, of: "birthmark-device enrol --out") { () throws(MessageError) in
                try KeyRequest(parsing: bytes)
            }
            let madeAs = InstanceID(firstKey: request.key)
            StandardError.write("for the key that was made as instance \(madeAs)\n")
            guard let order = LowerTierOrder(request: Blob(bytes), days: days, reason: reason) else {
                throw CommandFailure(
                    .malformed,
                    "--days takes 1 to \(LowerTierOrder.maximumDays)",
                    hint: "lower it again when the time was too short; the device makes another key for that"
                )
            }
            let file = try await verifier.ask(about: .device(device.name)) { client in
                try await client.lowerTier(of: device.name, order)
            }
            try OutputFile.write(try CanonicalJSON.encode(file), to: out, mode: 0o644)
            let report = Report(
                instance: file.instance,
                serial: file.serial,
                madeAs: madeAs,
                lowered: file.lowered,
                file: out
            )
            try output.print(report) {
                facts([
                    ("serial", report.serial.text),
                    ("instance", report.instance.text),
                    ("tier", "compensated, \(describe(report.lowered))"),
                    ("next", "birthmark-device enrol --accept \(out), at the device"),
                ])
            }
        }
    }

    struct RaiseTier: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ends the time in which it speaks without its TPM.",
            discussion: """
                Example:
                  birthmark device raise-tier GW-0001 --reason 'TPM answers again' --trust … \\
                      --operator …
                """
        )

        @OptionGroup var device: DeviceArgument
        @OptionGroup var reason: ReasonOption
        @OptionGroup var verifier: VerifierOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let reason = try reason.checked()
            let report = try await verifier.ask(about: .device(device.name)) { client in
                try await client.raiseTier(of: device.name, reason)
            }
            try output.print(report) { describe(report) }
        }
    }
}

/// By whose word a device speaks without its TPM, for people.
func describe(_ lowered: LoweredMark) -> String {
    "lowered until \(UTCTime.text(lowered.until)) by \(lowered.by) because \(lowered.reason)"
}
