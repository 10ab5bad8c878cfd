import Glibc
import Messages
import Subprocess
import Synchronization
import SystemPackage

/// Runs the user's install command over a verified package.
struct Installer {
    /// How it ended.
    enum Outcome: Hashable {
        case installed
        case failed(status: Int32)
        case killed(signal: Int32)
        case timedOut(seconds: Int64)

        /// One sentence for people; nil when all went well.
        var trouble: String? {
            switch self {
            case .installed: nil
            case .failed(let status): "the install command ended with status \(status)"
            case .killed(let signal): "the install command was killed by signal \(signal)"
            case .timedOut(let seconds): "the install command did not end within \(seconds) s and was killed"
            }
        }
    }

    /// What /bin/sh -c gets.
    let command: String
    /// Seconds it may take.
    let seconds: Int64

    /// Seconds unless somebody says otherwise: writing an image to slow flash takes minutes.
    static let defaultSeconds: Int64 = 3600

    /// Locks the open package for as long as any process holds it, which the installer's do: so an agent that was killed and
    /// started again sees that its installer is still at work.
    func claim(_ package: borrowing PackageFile) throws(AgentError) {
        guard flock(package.descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw AgentError(
                .environment,
                "the installer that an earlier run started is still at work",
                hint: "wait until it has ended and run the same command again"
            )
        }
    }

    /// Runs the command: standard input is the verified open file, standard output goes to standard error.
    func run(_ package: borrowing PackageFile, for release: Release) async throws(AgentError) -> Outcome {
        let input = FileDescriptor(rawValue: package.descriptor)
        let environment: [Environment.Key: String?] = [
            "BIRTHMARK_PACKAGE": package.path,
            "BIRTHMARK_PACKAGE_NAME": release.name.text,
            "BIRTHMARK_VERSION": release.version.text,
        ]
        do {
            let outcome = try await run(input: input, environment: environment)
            // What the installer left running has no more to do with this install.
            flock(package.descriptor, LOCK_UN)
            return outcome
        } catch {
            throw AgentError(.environment, "the install command could not be started: \(error)")
        }
    }

    private func run(input: FileDescriptor, environment: [Environment.Key: String?]) async throws -> Outcome {
        var options = PlatformOptions()
        // A session of its own, so that the time limit reaches every process of it and nobody else.
        options.createSession = true
        let configuration = Configuration(
            executable: .path("/bin/sh"),
            arguments: ["-c", command],
            environment: .inherit.updating(environment),
            platformOptions: options
        )
        let watch = Watch()
        return try await withThrowingTaskGroup(of: TerminationStatus?.self) { group in
            group.addTask {
                let result = try await Subprocess.run(
                    configuration,
                    input: .fileDescriptor(input, closeAfterSpawningProcess: false),
                    output: .fileDescriptor(.standardError, closeAfterSpawningProcess: false),
                    error: .fileDescriptor(.standardError, closeAfterSpawningProcess: false)
                ) { execution in
                    watch.began(execution.processIdentifier.value)
                }
                watch.ended()
                return result.terminationStatus
            }
            group.addTask {
                try await Task.sleep(for: .seconds(seconds))
                watch.expire()
                return nil
            }
            defer { group.cancelAll() }
            while let next = try await group.next() {
                if let status = next { return outcome(status, isOverdue: watch.isOverdue) }
            }
            return .timedOut(seconds: seconds)
        }
    }

    private func outcome(_ status: TerminationStatus, isOverdue: Bool) -> Outcome {
        if isOverdue { return .timedOut(seconds: seconds) }
        switch status {
        case .exited(0): return .installed
        case .exited(let code): return .failed(status: code)
        case .signaled(let signal): return .killed(signal: signal)
        @unknown default: return .failed(status: -1)
        }
    }
}

/// Which process group to kill when the time is over.
private final class Watch: Sendable {
    private let state = Mutex<(leader: pid_t?, isOverdue: Bool)>((nil, false))

    var isOverdue: Bool { state.withLock(\.isOverdue) }

    func began(_ leader: pid_t) { state.withLock { $0.leader = leader } }

    func ended() { state.withLock { $0.leader = nil } }

    func expire() {
        state.withLock { state in
            guard let leader = state.leader else { return }
            state.isOverdue = true
            _ = kill(-leader, SIGKILL)
        }
    }
}
