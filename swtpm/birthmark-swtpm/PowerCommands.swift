import ArgumentParser
import CommandLineContract
import SoftwareDevice

struct Start: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Gives the TPM power; it stays until `stop`.",
        discussion: "Example:\n  birthmark-swtpm start /tmp/d1"
    )
    @OptionGroup var target: DeviceArgument
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let device = try target.device
        try await device.start(.daemon)
        try await output.printIfAsked(device)
    }
}

struct Stop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Takes the power away.",
        discussion: """
            Nothing happens when there is none.

            Example:\n  birthmark-swtpm stop /tmp/d1
            """
    )
    @OptionGroup var target: DeviceArgument
    @Flag(help: "Without TPM2_Shutdown before, as when the plug is pulled.")
    var cut = false
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let device = try target.device
        try await device.stop(orderly: !cut)
        try await output.printIfAsked(device)
    }
}

struct PowerCycle: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Takes the power away and gives it back.",
        discussion: """
            PCRs start anew and the reset count rises.

            Example:\n  birthmark-swtpm power-cycle /tmp/d1 --cut
            """
    )
    @OptionGroup var target: DeviceArgument
    @Flag(help: "Without TPM2_Shutdown before, as when the plug is pulled.")
    var cut = false
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let device = try target.device
        try await device.stop(orderly: !cut)
        try await device.start(.daemon)
        try await output.printIfAsked(device)
    }
}

struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says whether the TPM has power, and where it is.",
        discussion: "Example:\n  birthmark-swtpm status /tmp/d1 --json"
    )
    @OptionGroup var target: DeviceArgument
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let device = try target.device
        let report = await DeviceReport(device, hasLog: device.hasBooted)
        try output.print(report) { report.text }
    }
}

extension OutputOptions {
    /// Says where the device is to a script that asked; people see that nothing went wrong.
    fileprivate func printIfAsked(_ device: SoftwareDevice) async throws {
        guard json else { return }
        let report = await DeviceReport(device, hasLog: device.hasBooted)
        try self.print(report) { report.text }
    }
}
