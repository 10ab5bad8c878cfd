import ArgumentParser
import CommandLineContract
import SoftwareDevice
import Wording

struct Measure: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures files as Linux does when they run (IMA).",
        discussion: """
            That is into PCR 10, with a list in DIR/ima.list.

            Example:
              birthmark-swtpm measure /tmp/d1 /bin/sh /usr/bin/env
              birthmark log replay --format ima /tmp/d1/ima.list

            The list is what the kernel would show in /sys/kernel/security/ima/binary_runtime_measurements. It begins anew \
            with each boot.
            """
    )
    @OptionGroup var target: DeviceArgument
    @Argument(help: ArgumentHelp("The files.", valueName: "file"), completion: .file())
    var files: [String]
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let device = try target.device
        let list = try await device.measure(files: files)
        let report = await DeviceReport(device, hasLog: device.hasBooted)
        try output.print(report) {
            "measured \(Counted.of(files.count, "file")), \(Counted.of(list.count, "byte")) of list in \(device.directory.imaList)"
        }
    }
}
