import FoundationEssentials
import Glibc
import Ledger
import MachineFaults
import Messages
import Programs
import Subprocess
import Synchronization
import SystemPackage
import Testing
import VerifierClient

@testable import WitnessService

/// How far somebody was answered.
private final class Reached: Sendable {
    let size: Mutex<Int>
    init(_ size: Int) { self.size = Mutex(size) }
}

/// The program as it is run, killed around the moment at which it writes down what it has seen.
@Suite(.timeLimit(.minutes(20))) struct WitnessProcessTests {
    private static let program = BuiltProgram("birthmark")

    private func run(_ arguments: [String]) async throws -> (code: TerminationStatus, output: String) {
        let ended = try await Self.program.run(arguments)
        return (ended.status, ended.output + ended.error)
    }

    /// Serves until it is killed, by itself or in the end.
    /// - Returns: whether it was killed before `body` had ended.
    private func serving(
        _ place: Place,
        _ fault: [String: String] = [:],
        _ body: (Int, pid_t) async throws -> Void
    ) async throws -> Bool {
        let portFile = place.path + "/port"
        try? FileManager.default.removeItem(atPath: portFile)
        var changes: [Environment.Key: String?] = [:]
        for (name, value) in fault { changes[.init(stringLiteral: name)] = value }
        let ended = try await Subprocess.run(
            .path(FilePath(Self.program.path)),
            arguments: ["ledger", "witness", "serve", place.directory.path, "--port-file", portFile],
            environment: .inherit.updating(changes),
            input: .none,
            output: .discarded,
            error: .fileDescriptor(
                try FileDescriptor.open(
                    FilePath(place.path + "/log"),
                    .writeOnly,
                    options: [.create, .append],
                    permissions: .ownerReadWrite
                ),
                closeAfterSpawningProcess: true
            )
        ) { execution in
            var port: Int?
            for _ in 0..<24_000 where port == nil {
                port = (try? String(contentsOf: URL(filePath: portFile), encoding: .utf8)).flatMap {
                    Int($0.dropLast())
                }
                try await Task.sleep(for: .milliseconds(5))
            }
            let id = execution.processIdentifier.value
            defer { kill(id, SIGTERM) }
            try await body(try #require(port), id)
        }
        return ended.terminationStatus == .signaled(SIGKILL)
    }

    @Test func killedAroundItsMemory() async throws {
        let place = try Place()
        let faults = try await MachineFaults(in: place.path)
        var log = try TestLog()
        log.grow(to: 30)
        let honest = log
        let key = log.signer.verifierKey
        let made = try await run([
            "ledger", "witness", "init", place.directory.path, "--name", "witness.example/w1", "--log", key.text,
            "--listen", "127.0.0.1:0", "--json",
        ])
        #expect(made.code.isSuccess && made.output.contains("vkey"), "\(made)")
        #expect(
            try await !serving(place) { port, _ in _ = try await place.ask(honest.request(from: 0, to: 5), at: port) }
        )
        let name = place.directory.seen(key.name).split(separator: "/").last.map(String.init) ?? ""

        // Before it is on the disk: no line has left, and it stands where it stood.
        let before = faults.killing(.before, placing: 1, of: name)
        #expect(
            try await serving(place, before) { port, _ in
                await #expect(throws: VerifierClientError.self) {
                    try await place.ask(honest.request(from: 5, to: 9), at: port)
                }
            }
        )
        _ = try await serving(place) { port, _ in
            try await place.expect(.otherSize(5), to: honest.request(from: 0, to: 9), at: port)
        }

        // After it: the line was lost, the memory was not. Another history finds it there.
        let after = faults.killing(.after, placing: 1, of: name)
        #expect(
            try await serving(place, after) { port, _ in
                await #expect(throws: VerifierClientError.self) {
                    try await place.ask(honest.request(from: 5, to: 9), at: port)
                }
            }
        )
        _ = try await serving(place) { port, _ in
            let fork = honest.forked(at: 7)
            try await place.expect(.otherSize(9), to: fork.request(from: 5, to: 9), at: port)
            try await place.expect(.otherSize(9), to: fork.request(from: 9, to: 9), at: port)
            guard case .cosigned = try await place.ask(honest.request(from: 9, to: 9), at: port) else {
                Issue.record("who asks again is given the line that was lost")
                return
            }
        }
    }

    /// As the people of a witness do it; what they did is told at the next start.
    @Test func whatWasRestoredIsTakenOnTheCommandLine() async throws {
        let place = try Place()
        var log = try TestLog()
        log.grow(to: 9)
        let honest = log
        log = log.forked(at: 4)
        log.grow(to: 12)
        let restored = log
        try place.make([log.signer.verifierKey])
        let checkpoint = place.path + "/checkpoint"
        try Data(restored.checkpoint(6).bytes).write(to: URL(filePath: checkpoint))
        func accept(seen: Int) async throws -> (code: TerminationStatus, output: String) {
            try await run([
                "ledger", "witness", "accept", place.directory.path, checkpoint, "--seen", "\(seen)", "--by", "bob",
                "--reason", "ticket 12",
            ])
        }
        _ = try await serving(place) { port, _ in
            _ = try await place.ask(honest.request(from: 0, to: 9), at: port)
            try await place.expect(.otherSize(9), to: restored.request(from: 4, to: 6), at: port)
            let served = try await accept(seen: 9)
            #expect(served.code == .exited(3) && served.output.contains("a witness serves"), "\(served)")
        }
        let mistaken = try await accept(seen: 6)
        #expect(mistaken.code == .exited(1) && mistaken.output.contains("9 entries were seen"), "\(mistaken)")
        let accepted = try await accept(seen: 9)
        #expect(accepted.code.isSuccess && accepted.output.contains("by bob: ticket 12"), "\(accepted)")
        let shown = try await run(["ledger", "witness", "show", place.directory.path])
        #expect(shown.code.isSuccess && shown.output.contains("given up: 9 entries under"), "\(shown)")
        _ = try await serving(place) { port, _ in
            try await place.expect(.otherSize(6), to: honest.request(from: 9, to: 9), at: port)
            guard case .cosigned = try await place.ask(restored.request(from: 6, to: 12), at: port) else {
                Issue.record("not cosigned")
                return
            }
        }
        let told = try String(contentsOf: URL(filePath: place.path + "/log"), encoding: .utf8)
        #expect(told.contains("another history was accepted") && told.contains("ticket 12"))
    }

    /// It is told to whoever sets it up in the words in which it is told to whoever accepts a history.
    @Test func whileItServesItIsNotAddedTo() async throws {
        let place = try Place()
        let (log, another) = (try TestLog("a/ledger"), try TestLog("b/ledger"))
        try place.make([log.signer.verifierKey])
        func add() async throws -> (code: TerminationStatus, output: String) {
            try await run([
                "ledger", "witness", "init", place.directory.path, "--log", another.signer.verifierKey.text,
            ])
        }
        _ = try await serving(place) { _, _ in
            let served = try await add()
            #expect(served.code == .exited(3) && served.output.contains("a witness serves"), "\(served)")
        }
        #expect(try place.directory.read().logs.count == 1)
        let added = try await add()
        #expect(added.code.isSuccess, "\(added)")
        #expect(try place.directory.read().logs.count == 2)
    }

    /// At any time: what was answered before is remembered after.
    @Test func killedWhereverItIsItNeverSignsTwoHistories() async throws {
        let place = try Place()
        var log = try TestLog()
        log.grow(to: 250)
        let honest = log
        try place.make([log.signer.verifierKey])
        var answered = 0
        for round in 1...6 {
            let from = answered
            let reached = Reached(from)
            _ = try await serving(place) { port, id in
                let asking = Task {
                    for size in (from + 1)...(from + 40) {
                        guard case .cosigned = try await place.ask(honest.request(from: size - 1, to: size), at: port)
                        else { return }
                        reached.size.withLock { $0 = size }
                    }
                }
                // Not before it has answered at all, however busy the machine is.
                for _ in 0..<24_000 where reached.size.withLock({ $0 }) == from {
                    try await Task.sleep(for: .milliseconds(5))
                }
                try await Task.sleep(for: .milliseconds(20 * round))
                kill(id, SIGKILL)
                _ = try? await asking.value
            }
            answered = reached.size.withLock { $0 }
            let size = try place.directory.watched().first?.last?.checkpoint.size ?? 0
            #expect(size == answered || size == answered + 1, "\(size) kept, \(answered) answered")
            answered = size
        }
        #expect(answered > 0)
    }
}
