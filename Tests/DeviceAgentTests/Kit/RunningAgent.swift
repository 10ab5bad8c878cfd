import FoundationEssentials
import Glibc
import Subprocess
import SystemPackage
import Testing

/// `birthmark-device run` at work in a process of its own.
struct RunningAgent: Sendable {
    /// timeout(1)'s id, which hands signals on and lets nothing outlive its time.
    let id: pid_t
    let log: String

    struct Event: Decodable, Sendable {
        var event: String
        var lease: Lease?
        var leaseHolds: Bool
        var trouble: Trouble?
        var unconfirmed: String?
        var next: Int64?

        struct Lease: Decodable, Hashable, Sendable {
            var id: String
            var expires: Int64
        }

        struct Trouble: Decodable, Hashable, Sendable {
            var since: Int64
            var lastTried: Int64
            var attempts: Int
            var isRefusal: Bool
            var because: String
            var reasons: [String]
        }
    }

    /// Every whole line that it has printed.
    var lines: [String] {
        let text = String(decoding: (try? contents(of: log)) ?? [], as: UTF8.self)
        return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }

    var events: [Event] {
        get throws { try lines.map { try JSONDecoder().decode(Event.self, from: Data($0.utf8)) } }
    }

    func signal(_ number: Int32) { kill(id, number) }

    /// Ends the agent with SIGKILL, which timeout(1) cannot hand on; it ends then too.
    func pullThePlug() throws {
        let children = try contents(of: "/proc/\(id)/task/\(id)/children")
        let agent = try #require(pid_t(String(decoding: children.prefix { $0 != 0x20 }, as: UTF8.self)))
        kill(agent, SIGKILL)
    }

    /// Waits for an event of this kind that was not among the first `count` events.
    /// - Returns: the event, and how many there are up to it.
    @discardableResult
    func next(_ kind: String, after count: Int = 0) async throws -> (event: Event, count: Int) {
        try await eventually("an event \(kind), got \(lines)") {
            let events = try events
            return events.indices.dropFirst(count).first { events[$0].event == kind }.map { (events[$0], $0 + 1) }
        }
    }
}

/// Waits until there is a value: as long as the slowest machine needs, and no longer.
func eventually<Value>(
    _ what: @autoclosure () -> String,
    _ value: () async throws -> Value?
) async throws -> Value {
    for _ in 0..<6000 {
        if let value = try await value() { return value }
        try await Task.sleep(for: .milliseconds(20))
    }
    throw Unexpected("waited in vain for \(what())")
}

extension Bench {
    /// Runs the agent as a service while `body` runs, and tells it to end then.
    /// - Returns: how it ended.
    @discardableResult
    func running(
        _ arguments: [String] = ["--json"],
        environment: [String: String] = [:],
        _ body: (RunningAgent) async throws -> Void
    ) async throws -> Program.Ended {
        let log = device.directory + "/run-\(UInt32.random(in: 0 ... .max)).log"
        try write([], to: log)
        var changes: [Environment.Key: String?] = [:]
        for (name, value) in environment { changes[.init(stringLiteral: name)] = value }
        let result = try await Subprocess.run(
            .name("timeout"),
            arguments: Arguments(
                ["--foreground", "--signal=KILL", "600", Program.device.path, "run"] + deviceArguments + arguments
            ),
            environment: .inherit.updating(changes),
            input: .none,
            output: .fileDescriptor(
                try FileDescriptor.open(FilePath(log), .writeOnly, options: .append),
                closeAfterSpawningProcess: true
            ),
            error: .string(limit: 1 << 20)
        ) { execution in
            let agent = RunningAgent(id: execution.processIdentifier.value, log: log)
            defer { agent.signal(SIGTERM) }
            try await body(agent)
        }
        return Program.Ended(
            status: result.terminationStatus,
            output: String(decoding: try contents(of: log), as: UTF8.self),
            error: result.standardError
        )
    }
}
