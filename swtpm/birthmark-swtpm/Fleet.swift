import ArgumentParser
import CommandLineContract
import SoftwareDevice
import Wording

struct Fleet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Makes, boots and stops many devices, and tests them.",
        discussion: """
            Example:
              birthmark-swtpm fleet make /tmp/f --count 100 --ca /tmp/ca \\
                  --firmware gateway-os-2.4.0
              birthmark-factory line line-1 /tmp/f/manifest.csv --tier vtpm \\
                  --model gw-100 …
              birthmark-swtpm fleet run /tmp/f --junit report.xml -- ./my-test
              birthmark-swtpm fleet stop /tmp/f
            """,
        subcommands: [MakeFleet.self, RunFleet.self, StopFleet.self]
    )
}

struct MakeFleet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "make",
        abstract: "Makes many devices, and boots them.",
        discussion: """
            They are DIR/d0001 and on; DIR/manifest.csv is the order list of a factory line.

            Example:
              birthmark-swtpm fleet make /tmp/f --count 100 --ca /tmp/ca \\
                  --firmware gateway-os-2.4.0

            Devices that are there already stay as they are; run again with a larger number, the fleet grows.
            """
    )
    @Argument(help: ArgumentHelp("The fleet's directory.", valueName: "dir"), completion: .directory)
    var directory: String
    @Option(help: "How many devices, 1 to \(DeviceFleet.maximumCount).")
    var count: Int
    @Option(help: ArgumentHelp("The local authority's directory.", valueName: "dir"), completion: .directory)
    var ca: String
    @Option(
        help:
            "What boots: a name that `list-firmware` shows, or the path of a descriptor. Default: nothing, only power."
    )
    var firmware: String?
    @Option(
        name: .customLong("endorsement-key"),
        parsing: .upToNextOption,
        help: ArgumentHelp("The endorsement keys to certify: rsa2048, p256, p384.", valueName: "key")
    )
    var endorsementKeys: [EndorsementKey] = [.p256]
    @OptionGroup var seeding: SeedOption
    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        var directory: String
        var devices: Int
        var manifest: String
    }

    func validate() throws {
        guard (1...DeviceFleet.maximumCount).contains(count) else {
            throw ValidationError("--count takes 1 to \(DeviceFleet.maximumCount)")
        }
    }

    func run() async throws {
        let fleet = DeviceFleet(directory)
        let bar = ProgressBar("making devices")
        defer { bar.finish() }
        let total = UInt64(count)
        let devices = try await fleet.make(
            count,
            ca: LocalCA(directory: ca, seed: seeding.deviceSeed),
            endorsementKeys: endorsementKeys,
            prefix: "SW-",
            firmware: firmware.map(BootFile.named),
            seed: seeding.deviceSeed,
            life: .daemon
        ) { bar.update(UInt64($0), of: total) }
        bar.finish()
        let report = Report(directory: fleet.path, devices: devices.count, manifest: fleet.orderList)
        try output.print(report) {
            "\(Counted.of(report.devices, "device")) with power in \(report.directory)\nmanifest: \(report.manifest)"
        }
    }
}

struct StopFleet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop",
        abstract: "Takes the power away from every device of a fleet.",
        discussion: "Example:\n  birthmark-swtpm fleet stop /tmp/f"
    )
    @Argument(help: ArgumentHelp("The fleet's directory.", valueName: "dir"), completion: .directory)
    var directory: String
    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        var stopped: Int
    }

    func run() async throws {
        let stopped = try await DeviceFleet(directory).stop()
        try output.print(Report(stopped: stopped)) { "\(Counted.of(stopped, "device")) stopped" }
    }
}
