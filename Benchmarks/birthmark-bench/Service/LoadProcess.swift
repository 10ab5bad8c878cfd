import FoundationEssentials
import Messages
import Subprocess
import SystemPackage

/// A process of this program that asks servers as a fleet does.
struct LoadProcess {
    private let send: (String) async throws -> Void
    private let receive: () async throws -> String?

    /// Starts it, and ends it when `body` returns.
    /// - Parameters:
    ///   - servers: by the names under which their trust bundles are written.
    ///   - directory: where that is.
    static func with<Result: Sendable>(
        clients: Int,
        servers: [(name: String, trust: TrustBundle)],
        in directory: String,
        _ body: (LoadProcess) async throws -> Result
    ) async throws -> Result {
        let bundles = try servers.map { name, trust in
            let path = "\(directory)/\(name).json"
            try Data(EditedJSON.encode(trust)).write(to: URL(filePath: path))
            return path
        }
        return try await run(
            .path("/proc/self/exe"),
            arguments: Arguments(["load", "--clients", "\(clients)"] + bundles),
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

    /// Has the fleet ask, and returns when all answers have come.
    func ask(_ order: LoadOrder) async throws -> LoadAnswer {
        try await send(String(decoding: try JSONEncoder().encode(order), as: UTF8.self) + "\n")
        guard let line = try await receive() else {
            throw WrongResult(name: "the fleet's process ended", wrong: 1, of: 1)
        }
        return try JSONDecoder().decode(LoadAnswer.self, from: Data(line.utf8))
    }

    /// The same with what it cost the servers of this process.
    /// - Returns: the answer, and microseconds of processor time for each request.
    func cost(_ order: LoadOrder) async throws -> (answer: LoadAnswer, cost: Double) {
        let start = CPUClock.process.now
        let answer = try await ask(order)
        return (answer, Double(CPUClock.process.now - start) / Double(order.requests) / 1_000)
    }
}
