import FoundationEssentials

/// The files of one software device, all below one directory; nothing is global.
public struct DeviceDirectory: Sendable, Hashable {
    /// The absolute path of the directory.
    public let path: String

    /// - Parameter path: Absolute, or relative to the working directory of the process.
    public init(_ path: String) {
        let absolute = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
        self.path = absolute.count > 1 && absolute.hasSuffix("/") ? String(absolute.dropLast()) : absolute
    }

    /// The TPM's non-volatile memory, with its seeds: whoever has this is the device.
    public var state: String { path + "/state" }
    /// The socket for commands; libtss2 finds the control socket beside it by adding `.ctrl`.
    public var socket: String { path + "/sock" }
    var controlSocket: String { socket + ".ctrl" }
    /// The process id of a swtpm that outlives the process that started it.
    public var pidFile: String { path + "/swtpm.pid" }
    /// Held by the process that makes the device.
    var lock: String { path + "/lock" }
    var serverLog: String { path + "/swtpm.log" }
    /// The event log of the last boot, as the kernel would show it in `binary_bios_measurements`.
    public var bootLog: String { path + "/boot.log" }
    /// What Linux measured since the last boot, as the kernel would show it in `binary_runtime_measurements`.
    public var imaList: String { path + "/ima.list" }
    /// The TCTI in a file, for scripts: `--tcti "$(cat DIR/tcti)"`.
    var tctiFile: String { path + "/tcti" }
    /// What the device is: written last, so a directory with it is a finished device.
    var deviceFile: String { path + "/device.json" }

    /// Where the TPM is, for `--tcti`, `TPM2TOOLS_TCTI` and `openTPM(tcti:)`.
    public var tcti: String { "swtpm:path=\(socket)" }

    /// sockaddr_un holds 108 bytes with the final zero.
    static let socketPathMaximum = 107
}
