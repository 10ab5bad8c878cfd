import Subprocess

/// How swtpm is called.
struct SwtpmArguments {
    let directory: DeviceDirectory

    /// A fresh, empty state directory is a new TPM: swtpm makes its seeds at the first start, in milliseconds.
    var common: [String] {
        [
            "socket", "--tpm2",
            "--tpmstate", "dir=\(directory.state),mode=0600",
            "--server", "type=unixio,path=\(directory.socket)",
            "--ctrl", "type=unixio,path=\(directory.controlSocket)",
            // The TPM starts by itself, as if firmware had sent TPM2_Startup(CLEAR).
            "--flags", "not-need-init,startup-clear",
            "--log", "file=\(directory.serverLog)",
        ]
    }

    /// Detaches, and writes its process id.
    var daemon: [String] {
        common + ["--pid", "file=\(directory.pidFile)", "--daemon"]
    }

    static let program = "swtpm"

    static func checkInstalled() async throws(SoftwareDeviceError) {
        do {
            _ = try await Executable.name(program).resolveExecutablePath(in: .inherit)
        } catch {
            throw SoftwareDeviceError(
                .environment,
                "swtpm is not installed",
                hint: "make deps, or apt-get install swtpm"
            )
        }
    }
}
