import DurableFiles
import FoundationEssentials
public import HTTPService
import Ledger
public import Logging
public import ServiceLifecycle

/// A witness over HTTPS (C2SP tlog-witness); its address is the submission prefix.
public struct WitnessServer: Service {
    private let server: HTTPSServer
    private let onListening: @Sendable (Int) -> Void

    /// Takes up the witness where it was left.
    /// - Parameters:
    ///   - address: where to listen instead of where the configuration says.
    ///   - onListening: called with the port once connections are accepted.
    /// - Throws: `SetupError`, or what is wrong with a file.
    public init(
        _ directory: WitnessDirectory,
        address: ListenAddress? = nil,
        logger: Logger,
        onListening: @escaping @Sendable (Int) -> Void = { _ in }
    ) throws {
        try self.init(directory, address: address, logger: logger, now: { Date.now }, onListening: onListening)
    }

    init(
        _ directory: WitnessDirectory,
        address: ListenAddress?,
        logger: Logger,
        now: @escaping @Sendable () -> Date,
        onListening: @escaping @Sendable (Int) -> Void
    ) throws {
        let configuration = try directory.read()
        try PrivateDirectory.check(directory.path)
        let metrics = Metrics([.witnessRequests, .witnessCuts])
        let desk = WitnessDesk(
            try directory.witness(configuration),
            directory,
            metrics: metrics,
            logger: logger,
            now: { Int(now().timeIntervalSince1970) }
        )
        try Self.tell(of: directory.watched(), metrics, logger)
        self.onListening = onListening
        server = HTTPSServer(
            routes: Self.routes(desk, metrics),
            identity: try directory.identity(configuration, now: Int64(now().timeIntervalSince1970)),
            address: try configuration.address(unless: address),
            limits: configuration.edge,
            metrics: metrics,
            logger: logger,
            now: now,
            configuration: directory.configuration
        )
    }

    /// Everything that the witness does, and who may have it done.
    var routes: [Route] { server.routes }

    /// Says at each start, and to whoever looks at the figures, which histories were given up here.
    private static func tell(of logs: [WatchedLog], _ metrics: Metrics, _ logger: Logger) throws {
        for log in logs {
            for cut in log.cuts {
                let (before, after) = try cut.checkpoints()
                logger.warning(
                    "another history was accepted in the place of one that was cosigned",
                    metadata: [
                        "log": "\(log.origin)", "at": "\(cut.at)", "by": "\(cut.by)", "reason": "\(cut.reason)",
                        "before": "\(before.size) \(before.root)", "after": "\(after.size) \(after.root)",
                    ]
                )
            }
        }
        metrics.set(.witnessCuts, to: Double(logs.reduce(0) { $0 + $1.cuts.count }))
    }

    private static func routes(_ desk: WitnessDesk, _ metrics: Metrics) -> [Route] {
        [
            // Whose checkpoint it is, its signature says.
            Route(.post, "/add-checkpoint", by: .anyone, bodyLimit: AddCheckpoint.maxByteCount) { exchange in
                do {
                    return try await desk.add(exchange.body)
                } catch { throw ServiceProblem.undecided("nothing was cosigned: \(error)") }
            },
            .health, .figures(of: metrics),
        ]
    }

    /// Serves until it is told to stop; then finishes what is under way.
    public func run() async throws { try await server.run(onListening: onListening) }
}
