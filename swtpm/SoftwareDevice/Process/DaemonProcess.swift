import FoundationEssentials
import Glibc
import Subprocess

/// A swtpm that outlives the process that started it, known by its pid file.
struct DaemonProcess {
    let directory: DeviceDirectory

    func start() async throws {
        let result = try await run(
            .name(SwtpmArguments.program),
            arguments: Arguments(SwtpmArguments(directory: directory).daemon),
            output: .discarded,
            error: .string(limit: 4096)
        )
        guard result.terminationStatus.isSuccess else {
            throw SoftwareDeviceError(
                .environment,
                "swtpm did not start: \(result.standardError)",
                hint: "the end of \(directory.serverLog) says why"
            )
        }
    }

    /// The process id, if the process of the pid file is there and is this device's swtpm.
    ///
    /// Ids are used again by others, so the command line must name this device's socket.
    var processID: pid_t? {
        guard
            let text = try? String(contentsOfFile: directory.pidFile, encoding: .utf8),
            let id = pid_t(text.filter(\.isNumber)), id > 1,
            let arguments = try? Data(contentsOf: URL(filePath: "/proc/\(id)/cmdline")),
            String(decoding: arguments, as: UTF8.self).contains("path=\(directory.socket)\0")
        else { return nil }
        return id
    }

    /// Ends the swtpm and returns when it is gone; nothing happens when there is none.
    func end(_ how: AttachedProcess.End) async throws {
        guard let id = processID else { return }
        guard kill(id, how == .cut ? SIGKILL : SIGTERM) == 0 else {
            throw SoftwareDeviceError(
                .environment,
                "swtpm (process \(id)) is somebody else's",
                hint: "end it as that user"
            )
        }
        for _ in 0..<Self.polls {
            if Self.hasEnded(id) { return }
            try await Task.sleep(for: .milliseconds(1))
        }
        throw SoftwareDeviceError(.environment, "swtpm (process \(id)) does not end")
    }

    /// Whether its files are closed, and the lock on its state with them: a process that ends has no command line before that.
    private static func hasEnded(_ id: pid_t) -> Bool {
        // The program's name stands in parentheses before the state, and may hold some itself (proc_pid_stat(5)).
        guard let stat = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8),
            let name = stat.lastIndex(of: ")"), let state = stat[name...].dropFirst(2).first
        else { return true }
        return state == "Z" || state == "X"
    }

    /// A minute at a millisecond each; swtpm needs one or two of them, unless the machine does much else.
    private static let polls = 60_000
}
