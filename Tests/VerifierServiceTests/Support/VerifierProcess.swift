import DurableFiles
import FoundationEssentials
import Messages
import Programs
import Subprocess
import SystemPackage

@testable import VerifierService

/// The real program in a process of its own.
struct VerifierProcess: Sendable {
    let port: Int
    let signal: @Sendable (Signal) throws -> Void

    private static let built = BuiltProgram("birthmark-verifier")

    static var program: String { built.path }

    struct Ending: Sendable {
        var status: TerminationStatus
        var error: String
        var output: String
    }

    /// Runs a command to its end.
    static func run(_ arguments: String...) async throws -> Ending {
        let ended = try await built.run(arguments)
        return Ending(status: ended.status, error: ended.error, output: ended.output)
    }

    /// Serves a directory while `body` runs, then ends the process if it is still there.
    static func serving<Result: Sendable>(
        _ directory: VerifierDirectory,
        _ body: @Sendable (VerifierProcess) async throws -> Result
    ) async throws -> (result: Result, ending: Ending) {
        let portFile = directory.path + "/../port-\(UInt32.random(in: 0 ... .max))"
        let outcome = try await Subprocess.run(
            .path(.init(program)),
            arguments: ["serve", directory.path, "--port-file", portFile],
            input: .none,
            output: .string(limit: 1 << 20),
            error: .string(limit: 8 << 20)
        ) { execution in
            var port: Int?
            while port == nil {
                if let text = try? String(contentsOfFile: portFile, encoding: .utf8) { port = Int(text.dropLast()) }
                try await Task.sleep(for: .milliseconds(5))
            }
            let process = VerifierProcess(port: try port.found()) { try execution.send(signal: $0) }
            let result: Swift.Result<Result, any Error>
            do { result = .success(try await body(process)) } catch { result = .failure(error) }
            // Gone already when the test killed it.
            try? execution.send(signal: .terminate)
            return result
        }
        return (
            try outcome.closureResult.get(),
            Ending(
                status: outcome.terminationStatus,
                error: outcome.standardError,
                output: outcome.standardOutput
            )
        )
    }
}
