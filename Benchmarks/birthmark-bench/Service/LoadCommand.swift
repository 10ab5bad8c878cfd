import ArgumentParser
import CommandLineContract
import Dispatch
import FoundationEssentials
import Messages
import VerifierClient

/// The other process: a fleet that asks, so that its work is not counted as the service's.
///
/// Reads orders on standard input, one in a line, and answers each with a line when all of it was done.
struct LoadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Ask services for grants and renewals, as told on standard input.",
        shouldDisplay: false
    )
    @Option(help: "How many devices ask at the same time, each over its own connection.")
    var clients: Int
    @Argument(help: "Trust bundles of the servers.")
    var servers: [String]

    func run() async throws {
        let fleet = try Fleet()
        let (ends, end) = AsyncStream.makeStream(of: Result<[Int], any Error>.self)
        let bundles = try servers.map { path in
            try TrustBundle(parsing: [UInt8](Data(contentsOf: URL(filePath: path))))
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            var steps: [[AsyncStream<LoadClient.Step>.Continuation]] = []
            for bundle in bundles {
                var toServer: [AsyncStream<LoadClient.Step>.Continuation] = []
                for number in 0..<clients {
                    let (given, step) = AsyncStream.makeStream(of: LoadClient.Step.self)
                    toServer.append(step)
                    group.addTask {
                        try await VerifierClient.with(bundle) { server in
                            var client = LoadClient(number, of: clients, fleet: fleet, server: server)
                            for await step in given {
                                do { end.yield(.success(try await client.take(step))) } catch {
                                    end.yield(.failure(error))
                                }
                            }
                        }
                    }
                }
                steps.append(toServer)
            }
            typealias Clients = [AsyncStream<LoadClient.Step>.Continuation]
            func all(_ clients: Clients, _ step: LoadClient.Step) async throws -> [Int] {
                for client in clients { client.yield(step) }
                var ended = ends.makeAsyncIterator()
                var times: [Int] = []
                for _ in clients { times += try await ended.next()?.get() ?? [] }
                return times
            }
            for await line in Self.lines {
                let order = try JSONDecoder().decode(LoadOrder.self, from: Data(line.utf8))
                guard steps.indices.contains(order.server) else { break }
                _ = try await all(steps[order.server], .prepare(order))
                let start = ContinuousClock.now
                let times = try await all(steps[order.server], .ask(order))
                let answer = LoadAnswer(seconds: (.now - start) / .seconds(1), microseconds: times)
                guard StandardOutput.write(answer) else { break }
            }
            for step in steps.joined() { step.finish() }
            try await group.waitForAll()
        }
    }

    /// Standard input, read on a thread that may wait.
    private static var lines: AsyncStream<String> {
        AsyncStream { continuation in
            DispatchQueue.global().async {
                while let line = readLine() { continuation.yield(line) }
                continuation.finish()
            }
        }
    }
}
