import DurableFiles
import FoundationEssentials
import Glibc
public import TPMDevice

/// A device with a software TPM, for tests and the demo: its identity, its power and its boots.
///
/// Many live side by side, each in its own directory. One that was started by ``start(_:)`` dies with this process.
public actor SoftwareDevice {
    public nonisolated let directory: DeviceDirectory
    private var attached: AttachedProcess?

    /// Whether the swtpm ends with this process or stays.
    public enum Life: Sendable { case attached, daemon }

    /// A device whose directory exists, made by ``make(in:ca:endorsementKeys:banks:)`` or by `birthmark-swtpm make`.
    public init(_ directory: DeviceDirectory) throws(SoftwareDeviceError) {
        do throws(FileError) {
            _ = try BoundedFile.read(directory.deviceFile, limit: FinishedDevice.maximumSize)
        } catch {
            guard error.code == .missing || error.code == .notDirectory else { throw SoftwareDeviceError(error) }
            throw SoftwareDeviceError(
                .input,
                "\(directory.path) holds no finished device",
                hint: "make one with birthmark-swtpm make"
            )
        }
        self.directory = directory
    }

    /// A directory that is about to become a device.
    init(unfinished directory: DeviceDirectory) {
        self.directory = directory
    }

    /// Where the TPM is, for `--tcti`, `TPM2TOOLS_TCTI` and ``openTPM(tcti:)``.
    public nonisolated var tcti: String { directory.tcti }

    /// The event log of the last boot.
    public nonisolated var logPath: String { directory.bootLog }

    /// Whether there is a log of a boot.
    public nonisolated var hasBooted: Bool { FileManager.default.fileExists(atPath: logPath) }

    /// Whether the TPM has power.
    public var isRunning: Bool { attached != nil || daemon.processID != nil }

    private nonisolated var daemon: DaemonProcess { DaemonProcess(directory: directory) }

    /// Gives the TPM power and returns when it answers; nothing happens when it has power.
    public func start(_ life: Life = .attached) async throws {
        guard !isRunning else { return }
        Self.toleratesLossOfPower
        try await SwtpmArguments.checkInstalled()
        switch life {
        case .attached: attached = AttachedProcess(SwtpmArguments(directory: directory).common)
        case .daemon: try await daemon.start()
        }
        try await waitForAnswer()
    }

    /// Takes the power away.
    ///
    /// - Parameter orderly: With TPM2_Shutdown(CLEAR) before, as an operating system does; without it the TPM's clock
    ///   is not safe afterwards.
    public func stop(orderly: Bool = true) async throws {
        guard isRunning else { return }
        if orderly {
            try await onTPM { connection throws(TPMError) in try connection.shutdown() }
        }
        let end: AttachedProcess.End = orderly ? .stop : .cut
        if let attached {
            self.attached = nil
            await attached.end(end)
        } else {
            try await daemon.end(end)
        }
    }

    /// Runs commands on the TPM, over a connection of its own.
    public nonisolated func onTPM<Result: Sendable>(
        _ body: @Sendable (TPMConnection) throws(TPMError) -> Result
    ) async throws -> Result {
        try await withTPM(tcti: tcti) { tpm in try await tpm.perform(body) }
    }

    /// Takes the power away and gives it back: PCRs start anew, the reset count rises, transient objects are gone.
    public func powerCycle(orderly: Bool = true) async throws {
        let life: Life = attached != nil || !isRunning ? .attached : .daemon
        try await stop(orderly: orderly)
        try await start(life)
    }

    /// Polls, because a fresh swtpm answers after about 5 ms and a fixed wait would be too long or too short.
    private func waitForAnswer() async throws {
        for _ in 0..<Self.polls {
            if FileManager.default.fileExists(atPath: directory.controlSocket), await answers() { return }
            try await Task.sleep(for: .milliseconds(1))
        }
        let log = (try? String(contentsOfFile: directory.serverLog, encoding: .utf8)) ?? ""
        throw SoftwareDeviceError(
            .environment,
            "swtpm does not answer at \(directory.socket); "
                + (log.isEmpty ? "its log is empty" : "its log says: \(log)"),
            hint: "look for room on the disk that holds \(directory.path), and run the same command again"
        )
    }

    private func answers() async -> Bool {
        let clock = try? await onTPM { connection throws(TPMError) in try connection.readClock() }
        return clock != nil
    }

    /// At least a minute at a millisecond each, for a machine that does much else.
    private static let polls = 60_000

    /// libtss2 writes to a TPM that has just lost its power as to any socket, and the signal would end this process.
    private static let toleratesLossOfPower: Void = { _ = signal(SIGPIPE, SIG_IGN) }()
}
