public import ArgumentParser
import CommandLineContract
public import SoftwareDevice
import Wording

struct Boot: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Boots a device: measures what the firmware says.",
        discussion: """
            The power is cut and given back before. The log is DIR/boot.log.

            Example:
              birthmark-swtpm boot /tmp/d1 --firmware gateway-os-2.4.0 --tamper cmdline

            The log is what the kernel would show in /sys/kernel/security/tpm0/binary_bios_measurements.
            """
    )
    @OptionGroup var target: DeviceArgument
    @Option(help: "What boots: a name that `list-firmware` shows, or the path of a descriptor (with a slash).")
    var firmware: String
    @Option(
        parsing: .upToNextOption,
        help: "What somebody changed: kernel, bootloader, firmware, cmdline, secureboot-off."
    )
    var tamper: [Tamper] = []
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let device = try target.device
        let file = try BootFile.named(firmware)
        let log = try await device.boot(file, tamper: Set(tamper), life: .daemon)
        let report = await DeviceReport(device, hasLog: true)
        try output.print(report) { "booted \(file.name), \(Counted.of(log.count, "byte")) of log in \(device.logPath)" }
    }
}

struct ListFirmware: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list-firmware",
        abstract: "Lists the firmware that `boot` knows by name.",
        discussion: "Example:\n  birthmark-swtpm list-firmware"
    )
    @OptionGroup var output: OutputOptions

    func run() throws {
        let names = BootFile.names
        try output.print(["firmware": names]) { names.joined(separator: "\n") }
    }
}

extension Tamper: ExpressibleByArgument {}
