package import FoundationEssentials
import Glibc
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
package import Logging
import NIOCore
package import ServiceLifecycle

/// One HTTPS listener over a table of routes: TLS 1.3, client certificates where a route wants one, limits on all else.
package struct HTTPSServer: Sendable {
    package let routes: [Route]
    let identity: EdgeIdentity
    let address: ListenAddress
    let limits: EdgeLimits
    let metrics: Metrics
    let logger: Logger
    let now: @Sendable () -> Date
    /// The file that says where to listen, for errors.
    let configuration: String
    /// How what was read at the start is read again, for whoever looks at the log.
    let rereading: String
    /// How there is another certificate when this one expires, for the same.
    let renewal: String

    package init(
        routes: [Route],
        identity: EdgeIdentity,
        address: ListenAddress,
        limits: EdgeLimits,
        metrics: Metrics,
        logger: Logger,
        now: @escaping @Sendable () -> Date,
        configuration: String,
        rereading: String? = nil,
        renewal: String? = nil
    ) {
        self.routes = routes
        self.identity = identity
        self.address = address
        self.limits = limits
        self.metrics = metrics
        self.logger = logger
        self.now = now
        self.configuration = configuration
        self.rereading = rereading ?? "a restart reads \(configuration) again"
        self.renewal = renewal ?? "restart the service: it makes another when it starts"
    }

    /// Serves until it is told to stop; then finishes what is under way.
    /// - Parameters:
    ///   - services: what runs beside it.
    ///   - onListening: called with the port once connections are accepted.
    /// - Throws: `SetupError`: port in use, no such address.
    package func run(
        with services: [any Service] = [],
        onListening: @escaping @Sendable (Int) -> Void
    ) async throws {
        let registry = ConnectionRegistry(
            maximum: limits.connections,
            maximumPerPeer: limits.connectionsPerAddress,
            metrics: metrics
        )
        let tls = try identity.tls()
        let times = limits.times
        let server = HTTPServerBuilder { responder in
            let http = HTTP1Channel(
                responder: responder,
                configuration: .init(
                    idleTimeout: .seconds(Int64(times.idleSeconds)),
                    httpDecoderConfiguration: Self.headerLimits
                )
            )
            return LimitedChannel(
                base: try TLSChannel(http, tlsConfiguration: tls),
                registry: registry,
                stall: .seconds(Int64(times.readingSeconds))
            )
        }
        let responder = Responder(
            routes: routes,
            revoked: identity.revoked,
            limiter: RateLimiter(perSecond: limits.requestsPerSecond, burst: limits.requestBurst),
            room: BodyRoom(limits.bodyBytes),
            bodies: RequestDeadlines(.seconds(Int64(times.bodySeconds))),
            requests: RequestDeadlines(.seconds(Int64(times.requestSeconds))),
            metrics: metrics,
            logger: logger,
            now: now
        )
        let watch: any Service = CertificateWatch(
            beginsAt: identity.beginsAt,
            endsAt: identity.endsAt,
            renewal: renewal,
            logger: logger,
            now: now
        )
        metrics.set(.certificateEnd, to: identity.endsAt.timeIntervalSince1970)
        // Hummingbird's own lines say nothing that ours do not.
        var quiet = logger
        quiet.logLevel = .error
        let application = Application(
            responder: responder,
            server: server,
            configuration: .init(address: .hostname(address.host, port: address.port)),
            services: services + [watch],
            onServerRunning: { [logger, address, rereading] channel in
                let port = channel.localAddress?.port ?? 0
                logger.notice("serving https://\(address.host):\(port); SIGTERM stops it, \(rereading)")
                onListening(port)
            },
            logger: quiet
        )
        do {
            try await application.run()
        } catch let error as IOError {
            throw explained(error) ?? error
        } catch is SocketAddressError.UnknownHost {
            throw SetupError(
                .environment,
                "the name \(address.host) cannot be resolved",
                hint: "listen on an address of this machine, such as 127.0.0.1 or 0.0.0.0"
            )
        }
    }

    private func explained(_ error: IOError) -> SetupError? {
        switch error.errnoCode {
        case EADDRINUSE:
            SetupError(
                .environment,
                "port \(address.port) of \(address.host) is in use",
                hint: "stop whoever listens there, or choose another port: \"listen\" in \(configuration), or --listen"
            )
        case EADDRNOTAVAIL:
            SetupError(
                .environment,
                "this machine has no address \(address.host)",
                hint: "choose another: \"listen\" in \(configuration), or --listen"
            )
        case EACCES:
            SetupError(
                .environment,
                "this user may not listen on port \(address.port)",
                hint: "choose a port above 1023: \"listen\" in \(configuration), or --listen"
            )
        default: nil
        }
    }

    // Our clients send a dozen short headers.
    private static let headerLimits = HTTP1Channel.Configuration.DecoderConfiguration(
        maxHeaderFieldSize: 8 << 10,
        maxHeaderListSize: 16 << 10,
        maxHeaderFieldCount: 64
    )
}
