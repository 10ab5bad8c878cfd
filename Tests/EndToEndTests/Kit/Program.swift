import FoundationEssentials
import Glibc
import Programs
import Subprocess
import Synchronization
import Testing

/// The six programs, each run as a process of its own, as scripts and people run them.
enum Program: String, Sendable, CaseIterable {
    case auditor = "birthmark"
    case factory = "birthmark-factory"
    case verifier = "birthmark-verifier"
    case device = "birthmark-device"
    case gateway = "birthmark-gateway"
    case swtpm = "birthmark-swtpm"

    /// How a run ended.
    struct Ended: Sendable, CustomStringConvertible {
        var command: String
        var status: TerminationStatus
        var output: String
        var error: String

        var description: String { "\(command)\n  ended with \(status)\n  stdout: \(output)\n  stderr: \(error)" }

        /// The exit status; nil when a signal ended it.
        var code: Int32? { if case .exited(let code) = status { code } else { nil } }

        /// Whether it was killed (SIGKILL).
        var isKilled: Bool { status == .signaled(SIGKILL) }

        /// The one JSON object on standard output.
        var json: JSON {
            get throws {
                try #require(output.hasSuffix("\n") && !output.dropLast().contains("\n"), "\(self)")
                return try JSONDecoder().decode(JSON.self, from: Data(output.utf8))
            }
        }
    }

    var path: String { BuiltProgram(rawValue).path }

    /// Runs a command to its end.
    /// - Parameters:
    ///   - watch: is given the process's id while it runs, and may end it.
    func run(
        _ arguments: [String],
        environment: [String: String] = [:],
        in transcript: Transcript,
        watch: (pid_t) async -> Void = { _ in }
    ) async throws -> Ended {
        let run = try await BuiltProgram(rawValue).run(arguments, environment: environment, watch: watch)
        let ended = Ended(
            command: ([rawValue] + arguments).joined(separator: " "),
            status: run.status,
            output: run.output,
            error: run.error
        )
        transcript.add(ended)
        return ended
    }
}

extension Program {
    /// Runs a command at a terminal, where somebody types; what it says is on standard output.
    func runAtATerminal(_ arguments: [String], typing text: String, in transcript: Transcript) async throws -> Ended {
        let command = ([path] + arguments).map { "'" + $0.replacing("'", with: #"'\''"#) + "'" }.joined(separator: " ")
        let result = try await Subprocess.run(
            .name("script"),
            arguments: ["--quiet", "--return", "--command", command, "/dev/null"],
            input: .string(text),
            output: .string(limit: 1 << 20),
            error: .string(limit: 1 << 20)
        )
        let ended = Ended(
            command: command,
            status: result.terminationStatus,
            output: result.standardOutput,
            error: result.standardError
        )
        transcript.add(ended)
        return ended
    }
}

/// Everything that programs have said during one test; secrets must not be in it.
final class Transcript: Sendable {
    private let lines = Mutex<[String]>([])

    func add(_ ended: Program.Ended) { add(ended.output + ended.error) }

    func add(_ text: String) { lines.withLock { $0.append(text) } }

    var text: String { lines.withLock { $0.joined(separator: "\n") } }
}
