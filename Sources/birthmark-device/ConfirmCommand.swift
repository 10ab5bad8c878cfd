import ArgumentParser
import CommandLineContract
import DeviceAgent
import Messages

struct ConfirmCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "confirm",
        abstract: "After the reboot: shows that what was granted booted.",
        discussion: "Example: birthmark-device confirm"
    )

    @OptionGroup var device: DeviceOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let holder = try device.holder()
        let outcome = try await holder.confirm(try StateDirectory(device.state).lock())
        try output.print(outcome) {
            lines([
                ("confirmed", "\(outcome.running.name) \(outcome.running.version) runs"),
                ("grant", outcome.grant),
                ("lease", outcome.lease.map { "until \(UTCTime.text($0.expires))" }),
            ])
        }
    }
}
