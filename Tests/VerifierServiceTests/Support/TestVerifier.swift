import DurableFiles
import EdgeProbes
import FoundationEssentials
import Logging
import Messages
import ServiceLifecycle
import StoreSQLite
import Synchronization
import TemporaryDirectories
import UpdateTrust
import VerifierClient
import VerifierStore

@testable import HTTPService
@testable import VerifierService

/// A clock that a test moves.
final class TestClock: Sendable {
    private let offset = Mutex<Int64>(0)

    var clock: VerifierClock {
        VerifierClock { [self] in VerifierClock.system.milliseconds() + offset.withLock { $0 } }
    }

    func advance(milliseconds: Int64) { offset.withLock { $0 += milliseconds } }
}

/// A verifier that really serves: its own directory, TLS on a port of its own, SQLite on disk.
struct TestVerifier: Sendable {
    let directory: VerifierDirectory
    let verifier: Verifier
    let store: any VerifierStore
    let trust: TrustBundle
    let port: Int
    let clock: TestClock
    let log: LogCapture

    /// What a test wants otherwise.
    struct Setup: Sendable {
        /// Those of any verifier, but that a client may be silent for longer, and the disk slower: a test can wait minutes for its turn.
        var limits: ServiceLimits = {
            var limits = ServiceLimits()
            limits.idleSeconds = 600
            limits.commitSeconds = 120
            return limits
        }()
        var policy: [UInt8]?
        var revokedOperators: [Label] = []
        /// Who cosigns the ledger.
        var witnesses: WitnessSettings?
        /// Whose word makes the next trust bundle.
        var people: TestPeople?
        /// How many challenges are remembered in the lifetime of one.
        var rememberedChallenges = ConsumedChallenges.usualLimit
        /// Puts something between service and record.
        var wrap: @Sendable (SQLiteStore) -> any VerifierStore = { $0 }
    }

    static func with<Result: Sendable>(
        _ setup: Setup = Setup(),
        factory: TestFactory? = nil,
        releases: TestReleases? = nil,
        _ body: (TestVerifier) async throws -> Result
    ) async throws -> Result {
        let (home, directory) = try prepared(setup, factory: factory, releases: releases)
        let result = try await serve(directory, setup) { service in
            let result = try await body(service)
            // A store with hooks may be one that fails.
            if service.store is SQLiteStore { try await Retaking(store: service.store).check() }
            return result
        }
        withExtendedLifetime(home) {}
        return result
    }

    /// A directory that is ready to be served, in one that is gone with the last reference to it.
    static func prepared(
        _ setup: Setup = Setup(),
        factory: TestFactory? = nil,
        releases: TestReleases? = nil
    ) throws -> (home: TemporaryDirectory, directory: VerifierDirectory) {
        let home = try TemporaryDirectory()
        try prepare(home.verifier, setup, factory, releases)
        return (home, home.verifier)
    }

    /// Makes the directory, with an operator for every role whose name is the role's.
    static func prepare(
        _ directory: VerifierDirectory,
        _ setup: Setup = Setup(),
        _ factory: TestFactory? = nil,
        _ releases: TestReleases? = nil
    ) throws {
        var options = DirectorySetup.Options()
        options.listen = "127.0.0.1:0"
        options.name = Label("test")
        let now = Int64(Date.now.timeIntervalSince1970)
        try DirectorySetup(directory, options, now: now).run(
            defaultPolicy: setup.policy ?? DefaultPolicy.bytes,
            storeExists: { FileManager.default.fileExists(atPath: directory.database($0)) },
            makeStore: { try SQLiteStore.create(at: directory.database($0)).close() }
        )
        try directory.edit { configuration in
            configuration.limits = setup.limits
            configuration.revokedOperators = setup.revokedOperators
            configuration.witnesses = setup.witnesses
        }
        if let factory {
            try AtomicFile.write(try EditedJSON.encode(try factory.birthKeys), to: directory.file("birth-keys.json"))
            try AtomicFile.write(try factory.rootsPEM, to: directory.file("factory-roots.pem"))
        }
        if let people = setup.people {
            try AtomicFile.write(try EditedJSON.encode(try people.keys), to: directory.trustKeys)
        }
        if let releases {
            try AtomicFile.write(try EditedJSON.encode(try releases.keys), to: directory.file("release-keys.json"))
        }
        for role in OperatorRole.allCases {
            _ = try OperatorAuthority.issue(
                try label(role.rawValue),
                roles: [role],
                days: 1,
                in: directory,
                now: now
            )
        }
    }

    /// Serves a directory that is there, until `body` ends.
    static func serve<Result: Sendable>(
        _ directory: VerifierDirectory,
        _ setup: Setup = Setup(),
        _ body: (TestVerifier) async throws -> Result
    ) async throws -> Result {
        let log = LogCapture()
        let logger = Logger(label: "test") { _ in log }
        let clock = TestClock()
        let materials = try VerifierMaterials(directory)
        let sqlite = try SQLiteStore.open(at: directory.database(materials.configuration))
        let store = setup.wrap(sqlite)
        let verifier = try await Verifier(
            materials,
            store: store,
            clock: clock.clock,
            logger: logger,
            remembering: setup.rememberedChallenges
        )
        let (ports, opened) = AsyncThrowingStream<Int, any Error>.makeStream()
        let server = try VerifierServer(verifier) { opened.yield($0) }
        let serving = Task {
            do {
                try await server.run()
                opened.finish()
            } catch { opened.finish(throwing: error) }
        }
        defer { serving.cancel() }
        var iterator = ports.makeAsyncIterator()
        let port = try await iterator.next().found()
        var trust = try materials.trustBundle
        trust.url = "https://localhost:\(port)"
        let result = try await body(
            TestVerifier(
                directory: directory,
                verifier: verifier,
                store: store,
                trust: trust,
                port: port,
                clock: clock,
                log: log
            )
        )
        serving.cancel()
        _ = await serving.result
        try? sqlite.close()
        return result
    }

    // MARK: Callers

    var edge: ProbedEdge { ProbedEdge(port: port, roots: trust.tlsRoots) }

    /// Hundreds of tests share two cores: a hundred handshakes at once take longer than an operator would wait.
    static let patience = VerifierClient.Limits(connect: 120, exchange: 180)

    func anonymous<Result: Sendable>(_ body: (VerifierClient) async throws -> Result) async throws -> Result {
        try await VerifierClient.with(trust, limits: Self.patience, body)
    }

    func operating<Result: Sendable>(
        as role: OperatorRole,
        _ body: (VerifierClient) async throws -> Result
    ) async throws -> Result {
        let place = directory.file("operators/" + role.rawValue)
        let identity = try OperatorIdentity(
            certificate: try BoundedFile.read(place + "/cert.pem", limit: 1 << 16),
            key: try BoundedFile.read(place + "/key.pem", limit: 1 << 16),
            now: { [clock] in clock.clock.seconds }
        )
        return try await VerifierClient.with(trust, identity: identity, limits: Self.patience, body)
    }

    func importBirth(of device: SoftwareKeyDevice, by factory: TestFactory) async throws {
        let bundle = try factory.bundle(device)
        let answer = try await operating(as: .factory) { try await $0.importBirths(bundle) }
        guard answer.births.map(\.outcome) == [.imported] else {
            throw UnexpectedAnswer(text: answer.births.first?.detail ?? "nothing imported")
        }
    }

    func add(_ release: Release, _ releases: TestReleases) async throws -> PackageReference {
        let envelope = try releases.envelope(release)
        _ = try await operating(as: .releaseManager) { try await $0.addRelease(envelope) }
        return try releases.reference(release)
    }

    /// A grant of this verifier's, once its signature holds.
    func grant(_ compact: String) throws -> Grant {
        try Grant.verify(compact, issuer: try label("test"), keys: trust.grantKeys)
    }

    /// One to a device without a TPM.
    func compensatedGrant(_ compact: String) throws -> CompensatedGrant {
        try CompensatedGrant.verify(compact, issuer: try label("test"), keys: trust.grantKeys)
    }
}

struct UnexpectedAnswer: Error, CustomStringConvertible {
    var text: String
    var description: String { text }
}

/// Keeps log lines, so that tests can look for what must and must not be in them.
final class LogCapture: LogHandler, Sendable {
    private let kept = Mutex<[String]>([])

    var lines: [String] { kept.withLock { $0 } }
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
