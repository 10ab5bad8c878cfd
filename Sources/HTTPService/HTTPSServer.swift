package import FoundationEssentials
import Glibc
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
package import Logging
public import Messages
import NIOCore
import NIOSSL
package import ServiceLifecycle
import SwiftASN1
public import X509

/// Bounds of the edge of a service.
public struct EdgeLimits: Sendable {
    /// Requests a second that one address may make on average.
    public var requestsPerSecond: Int
    /// Requests that it may make at once.
    public var requestBurst: Int
    /// Connections open at once; each takes about 100 KB.
    public var connections: Int
    /// Connections open at once from one address.
    public var connectionsPerAddress: Int
    /// Seconds that a connection may say nothing, and that a peer may take to read what it was sent.
    public var idleSeconds: Int
    /// Seconds from the first byte of a request's body to the answer.
    public var requestSeconds: Int

    /// Joins the parts.
    public init(
        requestsPerSecond: Int,
        requestBurst: Int,
        connections: Int,
        connectionsPerAddress: Int,
        idleSeconds: Int,
        requestSeconds: Int
    ) {
        self.requestsPerSecond = requestsPerSecond
        self.requestBurst = requestBurst
        self.connections = connections
        self.connectionsPerAddress = connectionsPerAddress
        self.idleSeconds = idleSeconds
        self.requestSeconds = requestSeconds
    }
}

/// What a service shows its callers, and whose certificates it asks them for.
public struct EdgeIdentity: Sendable {
    let certificate: Certificate
    /// PKCS #8 in PEM.
    let key: [UInt8]
    let callerAuthority: Certificate
    let revoked: Set<Label>

    /// - Parameters:
    ///   - certificate: the TLS certificate, and `key` its private key in PEM.
    ///   - callerAuthority: the CA of client certificates.
    ///   - revoked: callers whose certificates count no more.
    public init(certificate: Certificate, key: [UInt8], callerAuthority: Certificate, revoked: Set<Label>) {
        self.certificate = certificate
        self.key = key
        self.callerAuthority = callerAuthority
        self.revoked = revoked
    }

    func tls() throws -> TLSConfiguration {
        let authority = try NIOSSLCertificate.fromPEMBytes(Array(callerAuthority.serializeAsPEM().pemString.utf8))
        let chain = try NIOSSLCertificate.fromPEMBytes(Array(certificate.serializeAsPEM().pemString.utf8))
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: key, format: .pem))
        )
        tls.minimumTLSVersion = .tlsv13
        tls.applicationProtocols = ["http/1.1"]
        // A certificate that is shown must be the caller authority's; whether one is needed, the route says.
        tls.certificateVerification = .optionalVerification
        tls.trustRoots = .certificates(authority)
        tls.sendCANameList = true
        return tls
    }
}

/// One HTTPS listener over a table of routes: TLS 1.3, client certificates where a route wants one, limits on all else.
package struct HTTPSServer: Sendable {
    let routes: [Route]
    let identity: EdgeIdentity
    let address: ListenAddress
    let limits: EdgeLimits
    let metrics: Metrics
    let logger: Logger
    let now: @Sendable () -> Date
    /// The file that says where to listen, for errors.
    let configuration: String

    package init(
        routes: [Route],
        identity: EdgeIdentity,
        address: ListenAddress,
        limits: EdgeLimits,
        metrics: Metrics,
        logger: Logger,
        now: @escaping @Sendable () -> Date,
        configuration: String
    ) {
        self.routes = routes
        self.identity = identity
        self.address = address
        self.limits = limits
        self.metrics = metrics
        self.logger = logger
        self.now = now
        self.configuration = configuration
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
        let idle = TimeAmount.seconds(Int64(limits.idleSeconds))
        let server = HTTPServerBuilder { responder in
            let http = HTTP1Channel(
                responder: responder,
                configuration: .init(idleTimeout: idle, httpDecoderConfiguration: Self.headerLimits)
            )
            return LimitedChannel(
                base: try TLSChannel(http, tlsConfiguration: tls),
                registry: registry,
                stall: idle
            )
        }
        let responder = Responder(
            routes: routes,
            revoked: identity.revoked,
            limiter: RateLimiter(perSecond: limits.requestsPerSecond, burst: limits.requestBurst),
            deadlines: RequestDeadlines(.seconds(Int64(limits.requestSeconds))),
            metrics: metrics,
            logger: logger,
            now: now
        )
        // Hummingbird's own lines say nothing that ours do not.
        var quiet = logger
        quiet.logLevel = .error
        let application = Application(
            responder: responder,
            server: server,
            configuration: .init(address: .hostname(address.host, port: address.port)),
            services: services,
            onServerRunning: { [logger, address] channel in
                let port = channel.localAddress?.port ?? 0
                logger.notice("listening on https://\(address.host):\(port)")
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
                hint: "stop whoever listens there, or change \"listen\" in \(configuration)"
            )
        case EADDRNOTAVAIL:
            SetupError(
                .environment,
                "this machine has no address \(address.host)",
                hint: "change \"listen\" in \(configuration)"
            )
        case EACCES:
            SetupError(
                .environment,
                "this user may not listen on port \(address.port)",
                hint: "choose a port above 1023"
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
