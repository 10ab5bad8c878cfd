import ArgumentParser
import CommandLineContract
import SoftwareDevice

struct SwtpmCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "birthmark-swtpm",
        abstract: "Makes, runs, reboots and measures software devices.",
        discussion: """
            Example:
              birthmark-swtpm make /tmp/d1 --ca /tmp/ca
              birthmark-swtpm boot /tmp/d1 --firmware gateway-os-2.4.0
              TPM2TOOLS_TCTI=$(cat /tmp/d1/tcti) tpm2_pcrread sha256
              birthmark-swtpm boot /tmp/d1 --firmware gateway-os-2.4.0 --tamper kernel
              birthmark-swtpm power-cycle /tmp/d1 --cut
              birthmark-swtpm stop /tmp/d1

            The TPM of a device answers at the TCTI in DIR/tcti; what else is in the directory, swtpm/README.md says. A factory station is \
            given both files of a device, and told that its TPM is software:
              birthmark-factory provision line-1 --tier vtpm \\
                  --tcti "$(cat /tmp/d1/tcti)" --event-log /tmp/d1/boot.log …
            """,
        subcommands: [
            Make.self, Boot.self, ListFirmware.self, Measure.self, Status.self,
            Start.self, Stop.self, PowerCycle.self, Fleet.self,
        ]
    )
}

/// The device that a command is about.
struct DeviceArgument: ParsableArguments {
    @Argument(help: ArgumentHelp("The device's directory.", valueName: "dir"), completion: .directory)
    var directory: String

    var device: SoftwareDevice {
        get throws { try SoftwareDevice(DeviceDirectory(directory)) }
    }
}

/// What `--json` says of a device.
struct DeviceReport: Encodable {
    let directory: String
    let tcti: String
    let running: Bool
    let bootLog: String?

    init(_ device: SoftwareDevice, hasLog: Bool) async {
        directory = device.directory.path
        tcti = device.tcti
        running = await device.isRunning
        bootLog = hasLog ? device.logPath : nil
    }

    var text: String { running ? "running at \(tcti)" : "without power" }
}
