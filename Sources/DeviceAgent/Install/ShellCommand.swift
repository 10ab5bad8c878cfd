import Crypto
import Glibc
import Messages
import Subprocess
import Synchronization
import SystemPackage

/// A command that somebody has configured, run by /bin/sh -c for a bounded time.
struct ShellCommand: Sendable {
    /// How it ended.
    enum End: Hashable, Sendable {
        case exited(Int32)
        case killed(signal: Int32)
        case timedOut(seconds: Int64)

        /// One sentence for people; nil when all went well.
        func trouble(of command: String) -> String? {
            switch self {
            case .exited(0): nil
            case .exited(let status): "\(command) ended with status \(status)"
            case .killed(let signal): "\(command) was killed by signal \(signal)"
            case .timedOut(let seconds): "\(command) did not end within \(seconds) s and was killed"
            }
        }
    }

    /// What /bin/sh -c gets.
    let text: String
    /// Seconds it may take.
    let seconds: Int64

    /// Runs it; standard error is this program's.
    /// - Parameters:
    ///   - input: its standard input; stays open here.
    ///   - environment: what it finds in its environment besides this program's own.
    /// - Returns: how it ended, and what it wrote.
    /// - Throws: when it could not be started, or has written more than `output` takes.
    func run<Output: OutputProtocol>(
        input: FileDescriptor,
        output: Output,
        environment: [Environment.Key: String?] = [:]
    ) async throws -> (end: End, output: Output.OutputType) {
        let configuration = configuration(environment)
        let watch = Watch()
        let limit = expiry(of: watch)
        defer { limit.cancel() }
        let result = try await Subprocess.run(
            configuration,
            input: .fileDescriptor(input, closeAfterSpawningProcess: false),
            output: output,
            error: .fileDescriptor(.standardError, closeAfterSpawningProcess: false)
        ) { execution in
            watch.began(execution.processIdentifier.value)
        }
        watch.ended()
        return (end(result.terminationStatus, isOverdue: watch.isOverdue), result.standardOutput)
    }

    /// Runs it with nothing on its standard input, and digests what it writes, however much that is.
    /// - Returns: how it ended, and SHA-256 of what it wrote.
    /// - Throws: when it could not be started.
    func digest(environment: [Environment.Key: String?] = [:]) async throws -> (end: End, sha256: ContentDigest?) {
        let watch = Watch()
        let limit = expiry(of: watch)
        defer { limit.cancel() }
        let result = try await Subprocess.run(
            configuration(environment),
            input: .none,
            output: .sequence,
            error: .fileDescriptor(.standardError, closeAfterSpawningProcess: false)
        ) { execution in
            watch.began(execution.processIdentifier.value)
            var digest = SHA256()
            for try await piece in execution.standardOutput {
                unsafe piece.withUnsafeBytes { unsafe digest.update(bufferPointer: $0) }
            }
            return ContentDigest(bytes: Array(digest.finalize()))
        }
        watch.ended()
        return (end(result.terminationStatus, isOverdue: watch.isOverdue), result.closureResult)
    }

    private func expiry(of watch: Watch) -> Task<Void, any Error> {
        Task { [seconds] in
            try await Task.sleep(for: .seconds(seconds))
            watch.expire()
        }
    }

    private func configuration(_ environment: [Environment.Key: String?]) -> Configuration {
        var options = PlatformOptions()
        // A session of its own, so that the time limit reaches every process of it and nobody else.
        options.createSession = true
        return Configuration(
            executable: .path("/bin/sh"),
            arguments: ["-c", text],
            environment: .inherit.updating(environment),
            platformOptions: options
        )
    }

    private func end(_ status: TerminationStatus, isOverdue: Bool) -> End {
        if isOverdue { return .timedOut(seconds: seconds) }
        switch status {
        case .exited(let code): return .exited(code)
        case .signaled(let signal): return .killed(signal: signal)
        @unknown default: return .exited(-1)
        }
    }
}

/// Which process group to kill when the time is over, which may be before anybody knows it.
private final class Watch: Sendable {
    private struct State {
        var leader: pid_t?
        var isOver = false
        var isOverdue = false
    }

    private let state = Mutex(State())

    var isOverdue: Bool { state.withLock(\.isOverdue) }

    func began(_ leader: pid_t) {
        state.withLock { state in
            state.leader = leader
            if state.isOverdue { _ = kill(-leader, SIGKILL) }
        }
    }

    func ended() { state.withLock { $0.isOver = true } }

    func expire() {
        state.withLock { state in
            guard !state.isOver else { return }
            state.isOverdue = true
            if let leader = state.leader { _ = kill(-leader, SIGKILL) }
        }
    }
}
