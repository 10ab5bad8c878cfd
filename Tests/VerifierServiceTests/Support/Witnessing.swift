import DurableFiles
import FoundationEssentials
import HeldPorts
import Ledger
import Logging
import Messages
import TemporaryDirectories

@testable import HTTPService
@testable import VerifierService
@testable import WitnessService

/// A witness at work in this process, on a port that it keeps.
struct Witnessing: Sendable {
    let directory: WitnessDirectory
    let key: VerifierKey
    /// Nobody else's while it is down.
    private let held: HeldPort

    init(_ number: Int, in home: TemporaryDirectory) throws {
        held = try HeldPort()
        directory = WitnessDirectory(home.path + "/w\(number)")
        key = try directory.make(
            WitnessConfiguration(
                name: "witness.example/w\(number)",
                listen: "127.0.0.1:0",
                hosts: ["localhost", "127.0.0.1"],
                logs: []
            ),
            now: Int64(Date.now.timeIntervalSince1970)
        )
    }

    func know(_ log: VerifierKey) throws {
        var configuration = try directory.read()
        configuration.logs = [log.text]
        _ = try directory.make(configuration, now: Int64(Date.now.timeIntervalSince1970))
    }

    func known(at port: Int) -> WitnessSettings.Known {
        WitnessSettings.Known(vkey: key.text, url: "https://localhost:\(port)", tlsRoots: directory.roots)
    }

    /// Serves until it is cancelled.
    func serve() async throws -> (port: Int, task: Task<Void, any Error>) {
        while true {
            let (ports, opened) = AsyncStream.makeStream(of: Int.self)
            let server = try WitnessServer(
                directory,
                address: ListenAddress("127.0.0.1:\(held.number)"),
                logger: Logger(label: "witness") { _ in SwiftLogNoOpLogHandler() },
                onListening: { opened.yield($0) }
            )
            let task = Task {
                defer { opened.finish() }
                try await server.run()
            }
            var iterator = ports.makeAsyncIterator()
            if let port = await iterator.next() { return (port, task) }
            // Somebody's child is between fork and exec, and has the socket of before open for a moment longer.
            do {
                try await task.value
                throw Missing()
            } catch is SetupError { try await Task.sleep(for: .milliseconds(5)) }
        }
    }

    /// Makes a verifier's directory whose configuration names witnesses that are at work.
    /// - Parameters:
    ///   - policy: put into the directory when the witnesses are named; `nil` for the usual one.
    ///   - seconds: that a grant waits for them; many, because a machine with much to do is slow to sign.
    static func prepare(
        _ home: TemporaryDirectory,
        _ count: Int,
        required: Int,
        _ factory: TestFactory,
        _ releases: TestReleases,
        policy: [UInt8]? = nil,
        seconds: Int = 20
    ) async throws -> (setup: TestVerifier.Setup, witnesses: [(Witnessing, port: Int, task: Task<Void, any Error>)]) {
        var setup = TestVerifier.Setup()
        let directory = home.verifier
        try TestVerifier.prepare(directory, setup, factory, releases)
        let log = try VerifierMaterials(directory).checkpointSigner.verifierKey
        var witnesses: [(Witnessing, port: Int, task: Task<Void, any Error>)] = []
        for number in 1...count {
            let witness = try Witnessing(number, in: home)
            try witness.know(log)
            let served = try await witness.serve()
            witnesses.append((witness, served.port, served.task))
        }
        let settings = WitnessSettings(
            required: required,
            known: witnesses.map { $0.0.known(at: $0.port) },
            seconds: seconds
        )
        setup.witnesses = settings
        try directory.edit { $0.witnesses = settings }
        if let policy { try AtomicFile.write(policy, to: directory.file("policy.json")) }
        return (setup, witnesses)
    }

    /// Waits until something holds that a witness brings about.
    static func eventually(_ holds: () async throws -> Bool) async throws {
        for _ in 0..<12_000 {
            if try await holds() { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw Missing()
    }
}
