import Glibc
import HTTPService
import Logging
import Messages
import StoreSQLite
import VerifierService

/// The verifier as `birthmark-verifier serve` runs it, on a port of its own.
struct RunningService {
    let record: FleetRecord
    let store: SQLiteStore
    let trust: TrustBundle
    let metrics: Metrics

    /// Runs it while `body` runs.
    static func with<Result: Sendable>(
        _ record: FleetRecord,
        clock: VerifierClock = .system,
        _ body: (RunningService) async throws -> Result
    ) async throws -> Result {
        let store = try SQLiteStore.open(at: record.file)
        // Every line is made as ever; only nobody reads it.
        let nowhere = unsafe open("/dev/null", O_WRONLY)
        let logger = Logger(label: "verifier") { JSONLineLog(label: $0, level: .info, descriptor: nowhere) }
        let verifier = try await Verifier(record.materials, store: store, clock: clock, logger: logger)
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
        var trust = try record.materials.trustBundle
        trust.url = "https://localhost:\(number)"
        let service = RunningService(record: record, store: store, trust: trust, metrics: verifier.metrics)
        let result: Swift.Result<Result, any Error>
        do { result = .success(try await body(service)) } catch { result = .failure(error) }
        running.cancel()
        _ = try? await running.value
        try store.close()
        close(nowhere)
        return try result.get()
    }

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
