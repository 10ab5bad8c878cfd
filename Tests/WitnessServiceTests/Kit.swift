import Crypto
import FoundationEssentials
import HTTPService
import Ledger
import Logging
import Synchronization
import TemporaryDirectories
import Testing
import VerifierClient

@testable import WitnessService

/// A ledger in memory, with its key.
struct TestLog {
    let signer: CheckpointSigner
    private(set) var leaves: [TreeHash] = []

    init(_ origin: String = "verifier/ledger") throws {
        signer = try CheckpointSigner(origin: origin, privateKey: Curve25519.Signing.PrivateKey())
    }

    mutating func grow(to size: Int, salt: UInt8 = 0) {
        while leaves.count < size { leaves.append(.leaf([salt, UInt8(truncatingIfNeeded: leaves.count)])) }
    }

    /// Another history from some entry on, under the same key.
    func forked(at index: Int) -> TestLog {
        var fork = self
        fork.leaves[index] = .leaf([0xFF])
        return fork
    }

    private func node(_ level: Int, _ index: Int) -> TreeHash {
        level == 0 ? leaves[index] : .node(node(level - 1, 2 * index), node(level - 1, 2 * index + 1))
    }

    func checkpoint(_ size: Int) throws -> SignedCheckpoint {
        try signer.sign(size: size, root: MerkleTree(size: size).root(node: node))
    }

    func request(from old: Int, to size: Int) throws -> [UInt8] {
        let path = old == 0 ? [] : try MerkleTree(size: size).consistencyPath(from: old, node: node) ?? []
        return AddCheckpoint(oldSize: old, path: path, checkpoint: try checkpoint(size)).bytes
    }
}

/// Where a witness has its directory.
struct Place: Sendable {
    private let home: TemporaryDirectory

    var path: String { home.path }
    var directory: WitnessDirectory { WitnessDirectory(path + "/w1") }

    init() throws { home = try TemporaryDirectory() }

    /// Sets a witness up.
    @discardableResult
    func make(_ logs: [VerifierKey], name: String = "witness.example/w1") throws -> VerifierKey {
        try directory.make(
            WitnessConfiguration(name: name, listen: "127.0.0.1:0", hosts: ["localhost", "127.0.0.1"], logs: logs),
            now: Int64(Date.now.timeIntervalSince1970)
        )
    }

    /// Asks whoever listens on a port and is this witness.
    func ask(_ request: [UInt8], at port: Int) async throws -> LedgerWitnessAnswer {
        let roots = try String(contentsOf: URL(filePath: directory.roots), encoding: .utf8)
        let limits = VerifierClient.Limits(connect: 20, exchange: 20, attempts: 1)
        return try await VerifierClient.with(
            ledgerWitnessAt: "https://localhost:\(port)",
            tlsRoots: roots,
            limits: limits
        ) { try await $0.addCheckpoint(request) }
    }

    /// Asks, and expects an answer.
    func expect(
        _ expected: LedgerWitnessAnswer,
        to request: [UInt8],
        at port: Int,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let answer = try await ask(request, at: port)
        #expect(answer == expected, sourceLocation: sourceLocation)
    }

    /// Serves in this process for as long as `body` runs.
    func serving<Result: Sendable>(
        now: @escaping @Sendable () -> Date = { Date.now },
        _ body: (Int) async throws -> Result
    ) async throws -> Result {
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let server = try WitnessServer(
            directory,
            address: nil,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            now: now,
            onListening: { port.yield($0) }
        )
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            defer { group.cancelAll() }
            var listening = ports.makeAsyncIterator()
            return try await body(try #require(await listening.next()))
        }
    }
}

/// What was logged.
final class KeptLines: LogHandler, Sendable {
    private let kept = Mutex<[String]>([])

    var all: [String] { kept.withLock { $0 } }
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    var logLevel: Logger.Level {
        get { .debug }
        set {}
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) {
        let fields = (event.metadata ?? [:]).map { "\($0.key)=\($0.value)" }.sorted().joined(separator: " ")
        kept.withLock { $0.append("\(event.message) \(fields)") }
    }
}
