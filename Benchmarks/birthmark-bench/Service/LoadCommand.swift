import ArgumentParser
import CommandLineContract
import Dispatch
import FoundationEssentials
import Messages
import VerifierClient

/// The other process: a fleet that asks for updates, so that its work is not counted as the service's.
///
/// Reads lines `server count` on standard input, and answers each with `done` when that many grants have come.
struct LoadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Ask services for grants, as told on standard input.",
        shouldDisplay: false
    )
    @Option(help: "How many devices ask at the same time, each over its own connection.")
    var clients: Int
    @Argument(help: "Trust bundles of the servers.")
    var servers: [String]

    func run() async throws {
        let fleet = try Fleet()
        let (ends, end) = AsyncStream.makeStream(of: (any Error)?.self)
        let bundles = try servers.map { path in
            try TrustBundle(parsing: [UInt8](Data(contentsOf: URL(filePath: path))))
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            var orders: [[AsyncStream<Int>.Continuation]] = []
            for bundle in bundles {
                var toServer: [AsyncStream<Int>.Continuation] = []
                for client in 0..<clients {
                    let (counts, order) = AsyncStream.makeStream(of: Int.self)
                    toServer.append(order)
                    var member = try FleetMember(client, of: fleet)
                    group.addTask {
                        try await VerifierClient.with(bundle) { server in
                            for await count in counts {
                                do {
                                    for _ in 0..<count {
                                        let challenge = try await server.challenge(member.challengeRequest)
                                        let answer = try await server.decide(try member.evidence(for: challenge))
                                        guard answer.grant != nil else {
                                            throw WrongResult(name: "no grant", wrong: 1, of: 1)
                                        }
                                    }
                                    end.yield(nil)
                                } catch { end.yield(error) }
                            }
                        }
                    }
                }
                orders.append(toServer)
            }
            var ended = ends.makeAsyncIterator()
            for await line in Self.lines {
                let words = line.split(separator: " ").compactMap { Int($0) }
                guard words.count == 2, orders.indices.contains(words[0]) else { break }
                for order in orders[words[0]] { order.yield(words[1] / clients) }
                for _ in 0..<clients {
                    if let error = await ended.next() ?? nil { throw error }
                }
                guard StandardOutput.write("done\n") else { break }
            }
            for order in orders.joined() { order.finish() }
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
