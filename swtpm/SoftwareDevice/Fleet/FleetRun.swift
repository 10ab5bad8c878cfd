import FoundationEssentials
import Subprocess
import SystemPackage
import TimeLimits

/// One command for each device of a fleet, several at once: tests that a continuous integration can read.
public struct FleetRun: Sendable {
    /// How the command ended for one device.
    public enum Ending: Sendable, Hashable {
        case passed
        case failed(status: Int32)
        case killed(signal: Int32)
        case timedOut(seconds: Int64)
        /// The device or the command did not start.
        case notStarted(String)
    }

    /// What came of one device.
    public struct Result: Sendable {
        public var serial: String
        public var ending: Ending
        public var time: Duration
        /// The end of what it wrote on standard output and standard error.
        public var output: String
        public var errors: String
    }

    private let command: [String]
    private let jobs: Int
    private let seconds: Int64

    /// - Parameters:
    ///   - command: the program and its arguments.
    ///   - jobs: how many run at once.
    ///   - seconds: how long each may take; then it is killed with everything it started.
    /// - Throws: when there is no such program.
    public init(_ command: [String], jobs: Int, seconds: Int64) async throws(SoftwareDeviceError) {
        guard let program = command.first else {
            throw SoftwareDeviceError(.input, "no command is named", hint: "name one after --")
        }
        do {
            _ = try await Self.executable(program).resolveExecutablePath(in: .inherit)
        } catch {
            throw SoftwareDeviceError(
                .input,
                "there is no program \(program)",
                hint: "name one after --, by its path or of PATH"
            )
        }
        self.command = command
        self.jobs = max(jobs, 1)
        self.seconds = seconds
    }

    private static func executable(_ program: String) -> Executable {
        program.contains("/") ? .path(FilePath(program)) : .name(program)
    }

    /// Runs the command for every device.
    ///
    /// Devices without power have it meanwhile.
    /// The command finds its device in the environment: `TPM2TOOLS_TCTI`, `BIRTHMARK_SERIAL`, `BIRTHMARK_DEVICE` (the
    /// directory) and, when the device has booted, `BIRTHMARK_EVENT_LOG`.
    /// - Parameter done: is told of each device that is done.
    public func run(
        on fleet: DeviceFleet,
        done: @Sendable (Result) -> Void
    ) async throws -> [Result] {
        try await AtOnce.map(fleet.members(), limit: jobs, done: done) { await run($0.serial, $0.device) }
    }

    private func run(_ serial: String, _ device: SoftwareDevice) async -> Result {
        let start = ContinuousClock.now
        let logs = (output: device.directory.path + "/run.out", errors: device.directory.path + "/run.err")
        var ending: Ending
        do {
            let hadPower = await device.isRunning
            try await device.start()
            ending = try await execute(serial, device, logs)
            if !hadPower { try await device.stop() }
        } catch {
            ending = .notStarted("\(error)")
        }
        return Result(
            serial: serial,
            ending: ending,
            time: ContinuousClock.now - start,
            output: LogTail.of(logs.output),
            errors: LogTail.of(logs.errors)
        )
    }

    private func execute(
        _ serial: String,
        _ device: SoftwareDevice,
        _ logs: (output: String, errors: String)
    ) async throws -> Ending {
        func open(_ path: String) throws -> FileDescriptor {
            try unsafe FileDescriptor.open(
                path,
                .writeOnly,
                options: [.create, .truncate],
                permissions: [.ownerReadWrite]
            )
        }
        var options = PlatformOptions()
        // A session of its own, so that the time limit reaches every process of it and nobody else.
        options.createSession = true
        let configuration = Configuration(
            executable: Self.executable(command[0]),
            arguments: Arguments(Array(command.dropFirst())),
            environment: .inherit.updating([
                "TPM2TOOLS_TCTI": device.tcti, "BIRTHMARK_SERIAL": serial, "BIRTHMARK_DEVICE": device.directory.path,
                "BIRTHMARK_EVENT_LOG": device.hasBooted ? device.logPath : nil,
            ]),
            platformOptions: options
        )
        let (output, errors) = (try open(logs.output), try open(logs.errors))
        let (result, isOverdue) = try await TimeLimit.within(seconds: seconds) { limit in
            try await Subprocess.run(
                configuration,
                input: .none,
                output: .fileDescriptor(output, closeAfterSpawningProcess: true),
                error: .fileDescriptor(errors, closeAfterSpawningProcess: true)
            ) { execution in
                limit.began(-execution.processIdentifier.value)
            }
        }
        return switch result.terminationStatus {
        case _ where isOverdue: .timedOut(seconds: seconds)
        case .exited(0): .passed
        case .exited(let status): .failed(status: status)
        case .signaled(let signal): .killed(signal: signal)
        @unknown default: .failed(status: -1)
        }
    }
}
