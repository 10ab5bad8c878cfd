import FoundationEssentials
import Glibc
import HTTPService
import Ledger
import Logging
import Messages
import StoreSQLite
import UpdateTrust
import VerifierService
import VerifierStore

/// The verifier as `birthmark-verifier serve` runs it, on a port of its own, with a fleet on its record.
struct RunningService {
    let directory: VerifierDirectory
    let trust: TrustBundle
    let metrics: Metrics

    /// Runs it while `body` runs.
    static func with<Result: Sendable>(
        in path: String,
        members: [FleetMember],
        _ body: (RunningService) async throws -> Result
    ) async throws -> Result {
        let directory = VerifierDirectory(path)
        let materials = try setUp(directory)
        guard let file = materials.configuration.databaseFile else {
            throw WrongResult(name: "store", wrong: 1, of: 1)
        }
        let store = try SQLiteStore.open(at: directory.file(file))
        try await register(members, in: store, materials)
        // Every line is made as ever; only nobody reads it.
        let nowhere = unsafe open("/dev/null", O_WRONLY)
        let logger = Logger(label: "verifier") { JSONLineLog(label: $0, level: .info, descriptor: nowhere) }
        let verifier = try await Verifier(materials, store: store, logger: logger)
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let server = try VerifierServer(verifier) { port.yield($0) }
        let running = Task {
            defer { port.finish() }
            try await server.run()
        }
        var started = ports.makeAsyncIterator()
        guard let number = await started.next() else {
            try await running.value
            throw WrongResult(name: "the service ended", wrong: 1, of: 1)
        }
        var trust = try materials.trustBundle
        trust.url = "https://localhost:\(number)"
        let service = RunningService(directory: directory, trust: trust, metrics: verifier.metrics)
        let result: Swift.Result<Result, any Error>
        do { result = .success(try await body(service)) } catch { result = .failure(error) }
        running.cancel()
        _ = try? await running.value
        try store.close()
        close(nowhere)
        return try result.get()
    }

    /// What `init` makes, and limits that let one address ask as much as a fleet.
    private static func setUp(_ directory: VerifierDirectory) throws -> VerifierMaterials {
        var options = DirectorySetup.Options()
        options.name = try Label(bench: "bench")
        options.listen = "127.0.0.1:0"
        let policy = [UInt8](try Data(contentsOf: URL(filePath: "Provisioning/policies/default.json")))
        try DirectorySetup(directory, options, now: now).run(
            defaultPolicy: policy,
            storeExists: { FileManager.default.fileExists(atPath: directory.file($0.databaseFile ?? "")) },
            makeStore: { try SQLiteStore.create(at: directory.file($0.databaseFile ?? "")).close() }
        )
        let file = URL(filePath: directory.configuration)
        var configuration = try VerifierConfiguration(parsing: [UInt8](Data(contentsOf: file)))
        configuration.limits.requestsPerSecond = 1_000_000
        configuration.limits.requestBurst = 1_000_000
        try Data(EditedJSON.encode(configuration)).write(to: file)
        return try VerifierMaterials(directory)
    }

    /// Puts births and release on record as if they had been judged.
    private static func register(
        _ members: [FleetMember],
        in store: SQLiteStore,
        _ materials: VerifierMaterials
    ) async throws {
        guard let fleet = members.first?.fleet else { return }
        let name = materials.configuration.name
        let births = try members.map { member in
            let payload = try CanonicalJSON.encode(member.record)
            return StoreChange.birth(
                BirthImport(
                    birth: StoredBirth(envelope: [], payload: payload, importedAt: now),
                    record: ContentDigest(of: payload),
                    serial: member.record.serial,
                    endorsementKey: member.record.ek.name.bytes,
                    transition: try .birth(of: member.record, payload: ContentDigest(of: payload), at: now, by: name),
                    log: StoredLog(fleet.machine.log)
                )
            )
        }
        let release = StoreChange.release(
            StoredRelease(
                manifest: fleet.manifest,
                envelope: [],
                payload: fleet.payload,
                addedAt: now,
                addedBy: name
            ),
            entry: try WrittenEntry(
                LedgerEntry(
                    at: now,
                    actor: Actor(.operator, name),
                    body: .release(ReleaseEntry(manifest: fleet.manifest, release: fleet.release))
                )
            )
        )
        let receipt = try await store.commit(births + [release], sealer: LedgerSealer(materials.checkpointSigner))
        let committed = receipt.outcomes.filter { if case .committed = $0 { true } else { false } }
        guard committed.count == members.count + 1 else {
            throw WrongResult(name: "the record", wrong: members.count + 1 - committed.count, of: members.count + 1)
        }
        try await RunningService.rememberCheckpoint(store, directory: materials.directory)
    }

    private static func rememberCheckpoint(_ store: SQLiteStore, directory: VerifierDirectory) async throws {
        guard let checkpoint = try await store.ledgerHead().checkpoint else { return }
        try Data(checkpoint).write(to: URL(filePath: directory.lastCheckpoint))
    }

    private static var now: Int64 { Int64(Date().timeIntervalSince1970) }

    /// How many decisions have shared a transaction until now, and how many transactions there were.
    var groups: (decisions: Double, transactions: Double) {
        func value(_ suffix: String) -> Double {
            let line = metrics.text().split(separator: "\n").first {
                $0.hasPrefix("birthmark_commit_group_size_\(suffix)")
            }
            return line.flatMap { Double($0.split(separator: " ").last ?? "") } ?? 0
        }
        return (value("sum"), value("count"))
    }
}
