import Crypto
import Messages
import Subprocess
import SystemPackage
import TimeLimits

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
        let (result, isOverdue) = try await TimeLimit.within(seconds: seconds) { limit in
            try await Subprocess.run(
                configuration,
                input: .fileDescriptor(input, closeAfterSpawningProcess: false),
                output: output,
                error: .fileDescriptor(.standardError, closeAfterSpawningProcess: false)
            ) { execution in
                limit.began(-execution.processIdentifier.value)
            }
        }
        return (end(result.terminationStatus, isOverdue: isOverdue), result.standardOutput)
    }

    /// Runs it with nothing on its standard input, and digests what it writes, however much that is.
    /// - Returns: how it ended, and SHA-256 of what it wrote.
    /// - Throws: when it could not be started.
    func digest(environment: [Environment.Key: String?] = [:]) async throws -> (end: End, sha256: ContentDigest?) {
        let configuration = configuration(environment)
        let (result, isOverdue) = try await TimeLimit.within(seconds: seconds) { limit in
            try await Subprocess.run(
                configuration,
                input: .none,
                output: .sequence,
                error: .fileDescriptor(.standardError, closeAfterSpawningProcess: false)
            ) { execution in
                limit.began(-execution.processIdentifier.value)
                var digest = SHA256()
                for try await piece in execution.standardOutput {
                    unsafe piece.withUnsafeBytes { unsafe digest.update(bufferPointer: $0) }
                }
                return ContentDigest(bytes: Array(digest.finalize()))
            }
        }
        return (end(result.terminationStatus, isOverdue: isOverdue), result.closureResult)
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
