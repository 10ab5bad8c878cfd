import Glibc
import Programs
import Subprocess
import Testing
import TimeLimits

/// Processes that take as long as they like, and those that may not.
///
/// No test counts on how fast the machine is: what is to be killed sleeps longer than any test runs.
@Suite(.timeLimit(.minutes(10))) struct TimeLimitTests {
    private func shell(_ text: String) -> Configuration {
        var options = PlatformOptions()
        options.createSession = true
        return Configuration(executable: .name("sh"), arguments: ["-c", text], platformOptions: options)
    }

    @Test func aCommandThatEndsInTimeIsLeftAlone() async throws {
        let (result, isOverdue) = try await TimeLimit.within(seconds: 600) { limit in
            try await Subprocess.run(shell("exit 7"), input: .none, output: .discarded, error: .discarded) {
                execution in
                limit.began(-execution.processIdentifier.value)
            }
        }
        #expect(result.terminationStatus == .exited(7))
        #expect(!isOverdue)
    }

    @Test func aCommandThatIsNamedAfterItsTimeIsKilledThen() async throws {
        let (result, isOverdue) = try await TimeLimit.within(seconds: 0) { limit in
            try await Subprocess.run(shell("exec sleep 3600"), input: .none, output: .discarded, error: .discarded) {
                execution in
                try await Task.sleep(for: .seconds(1))
                limit.began(-execution.processIdentifier.value)
            }
        }
        #expect(result.terminationStatus == .signaled(SIGKILL))
        #expect(isOverdue)
    }

    @Test func whatTheCommandHasStartedGoesWithIt() async throws {
        // The child holds no pipe of ours, so that the command's own end is seen.
        let text = "sleep 3600 >/dev/null 2>&1 & echo $!; wait"
        let (result, isOverdue) = try await TimeLimit.within(seconds: 1) { limit in
            try await Subprocess.run(shell(text), input: .none, output: .sequence, error: .discarded) { execution in
                var said: [UInt8] = []
                for try await piece in execution.standardOutput {
                    let bytes = unsafe piece.withUnsafeBytes { unsafe Array($0) }
                    said += bytes
                    if said.last == UInt8(ascii: "\n") { limit.began(-execution.processIdentifier.value) }
                }
                return String(decoding: said, as: UTF8.self)
            }
        }
        #expect(result.terminationStatus == .signaled(SIGKILL))
        #expect(isOverdue)
        let child = try #require(pid_t(result.closureResult.dropLast()))
        // A signal is taken when its receiver is next to run.
        for _ in 0..<6000 where isRunning(child) { try await Task.sleep(for: .milliseconds(10)) }
        #expect(!isRunning(child))
    }

    /// The number of a process that has ended may be somebody else's.
    @Test func nothingIsKilledThatIsNamedNoMore() async throws {
        let result = try await Subprocess.run(
            shell("exec sleep 3600"),
            input: .none,
            output: .discarded,
            error: .discarded
        ) { execution in
            let named = execution.processIdentifier.value
            // Long enough that no machine is busy for as long between two lines.
            let (_, isOverdue) = try await TimeLimit.within(seconds: 10) { limit in limit.began(named) }
            try await Task.sleep(for: .seconds(11))
            try execution.send(signal: .terminate)
            return isOverdue
        }
        #expect(result.terminationStatus == .signaled(SIGTERM))
        #expect(!result.closureResult)
    }
}
