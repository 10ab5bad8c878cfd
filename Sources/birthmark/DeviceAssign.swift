import ArgumentParser
import CommandLineContract
import Messages
import VerifierClient

extension DeviceCommand {
    struct Assign: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says through which gateways a device may speak.",
            discussion: """
                The device has no TPM. The gateways come in the place of those before.

                A gateway is a device with a TPM whose policy rule says "gateway": true. What it vouches for counts for devices that are \
                assigned to it, and for no others. A lease that rests on the word of a gateway which is not named any more ends.

                Examples:
                  birthmark device assign SENSOR-0007 --gateway GW-0001 --gateway GW-0002 \\
                      --reason 'hall 3'
                  birthmark device assign SENSOR-0007 --none --reason 'moved to the network'
                """
        )

        @OptionGroup var device: DeviceArgument
        @Option(
            help: ArgumentHelp("A gateway's serial number or instance id; repeat for several.", valueName: "device")
        )
        var gateway: [Label] = []
        @Flag(help: "Take it away from all gateways.")
        var none = false
        @OptionGroup var reason: ReasonOption
        @OptionGroup var verifier: VerifierOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard gateway.isEmpty == none else { throw ValidationError("give --gateway, once or more, or --none") }
        }

        func run() async throws {
            guard let order = GatewayOrder(gateway, reason: try reason.checked().reason.text) else {
                throw CommandFailure(
                    .malformed,
                    "a device has at most \(GatewayOrder.maximumCount) gateways, each named once",
                    hint: "name the gateways that are near it"
                )
            }
            let report = try await verifier.ask(about: .devices([device.name] + gateway)) { client in
                try await client.assign(device.name, order)
            }
            try output.print(report) { describe(report) }
        }
    }
}
