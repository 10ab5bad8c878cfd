import Subprocess
import SystemPackage

/// A process of this program that asks servers for grants.
struct LoadProcess {
    private let send: (String) async throws -> Void
    private let receive: () async throws -> String?

    /// Starts it, and ends it when `body` returns.
    static func with<Result: Sendable>(
        clients: Int,
        servers: [String],
        _ body: (LoadProcess) async throws -> Result
    ) async throws -> Result {
        try await run(
            .path("/proc/self/exe"),
            arguments: Arguments(["load", "--clients", "\(clients)"] + servers),
            input: .inputWriter,
            output: .sequence,
            error: .currentStandardError
        ) { execution in
            var answers = execution.standardOutput.strings().makeAsyncIterator()
            let writer = execution.standardInputWriter
            let result = try await body(
                LoadProcess(
                    send: { _ = try await writer.write($0) },
                    receive: { try await answers.next() }
                )
            )
            try await writer.finish()
            return result
        }.closureResult
    }

    /// Has the fleet get grants of a server, and returns when all of them have come.
    func ask(_ server: Int, for grants: Int) async throws {
        try await send("\(server) \(grants)\n")
        guard try await receive()?.hasPrefix("done") == true else {
            throw WrongResult(name: "the fleet's process ended", wrong: 1, of: 1)
        }
    }
}
