import Crypto
import FoundationEssentials
import Glibc
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
import NIOSSL
public import ServiceLifecycle
import SwiftASN1
import VerifierStore
import X509

/// The HTTPS service over a verifier: one listener, TLS 1.3, client certificates where the route wants one.
public struct VerifierServer: Service {
    private let verifier: Verifier
    private let address: ListenAddress
    private let onListening: @Sendable (Int) -> Void

    /// - Parameters:
    ///   - address: where to listen instead of where the configuration says.
    ///   - onListening: called with the port once connections are accepted.
    public init(
        _ verifier: Verifier,
        address: ListenAddress? = nil,
        onListening: @escaping @Sendable (Int) -> Void = { _ in }
    ) throws {
        self.verifier = verifier
        let listen = verifier.materials.configuration.listen
        guard let address = address ?? ListenAddress(listen) else {
            throw SetupError(.malformed, "\"\(listen)\" is not an address and a port")
        }
        self.address = address
        self.onListening = onListening
    }

    /// Serves until it is told to stop; then finishes what is under way and remembers the ledger's last checkpoint.
    /// - Throws: `SetupError`: port in use, certificate expired.
    public func run() async throws {
        let materials = verifier.materials
        try materials.checkValidity(at: verifier.clock.date)
        let limits = materials.configuration.limits
        let registry = ConnectionRegistry(
            maximum: limits.connections,
            maximumPerPeer: limits.connectionsPerAddress,
            metrics: verifier.metrics
        )
        let tls = try Self.tls(materials)
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
            routes: RouteTable.routes(of: verifier),
            revoked: Set(materials.configuration.revokedOperators),
            limiter: RateLimiter(perSecond: limits.requestsPerSecond, burst: limits.requestBurst),
            deadlines: RequestDeadlines(.seconds(Int64(limits.requestSeconds))),
            metrics: verifier.metrics,
            logger: verifier.logger,
            clock: verifier.clock
        )
        // Hummingbird's own lines say nothing that ours do not.
        var quiet = verifier.logger
        quiet.logLevel = .error
        let application = Application(
            responder: responder,
            server: server,
            configuration: .init(address: .hostname(address.host, port: address.port)),
            services: [CheckpointKeeper(verifier: verifier)],
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? 0
                verifier.logger.notice("listening on https://\(address.host):\(port)")
                onListening(port)
            },
            logger: quiet
        )
        do {
            try await application.run()
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw SetupError(
                .environment,
                "port \(address.port) of \(address.host) is in use",
                hint: "stop whoever listens there, or change \"listen\" in \(materials.directory.configuration)"
            )
        } catch let error as IOError where error.errnoCode == EADDRNOTAVAIL {
            throw SetupError(
                .environment,
                "this machine has no address \(address.host)",
                hint: "change \"listen\" in \(materials.directory.configuration)"
            )
        } catch is SocketAddressError.UnknownHost {
            throw SetupError(
                .environment,
                "the name \(address.host) cannot be resolved",
                hint: "listen on an address of this machine, such as 127.0.0.1 or 0.0.0.0"
            )
        } catch let error as IOError where error.errnoCode == EACCES {
            throw SetupError(
                .environment,
                "this user may not listen on port \(address.port)",
                hint: "choose a port above 1023"
            )
        }
    }

    // Our clients send a dozen short headers.
    private static let headerLimits = HTTP1Channel.Configuration.DecoderConfiguration(
        maxHeaderFieldSize: 8 << 10,
        maxHeaderListSize: 16 << 10,
        maxHeaderFieldCount: 64
    )

    private static func tls(_ materials: VerifierMaterials) throws -> TLSConfiguration {
        let authority = try NIOSSLCertificate.fromPEMBytes(
            Array(materials.operatorCA.serializeAsPEM().pemString.utf8)
        )
        let chain = try NIOSSLCertificate.fromPEMBytes(
            Array(materials.tlsCertificate.serializeAsPEM().pemString.utf8)
        )
        let key = try NIOSSLPrivateKey(bytes: Array(materials.tlsKey.pemRepresentation.utf8), format: .pem)
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(key)
        )
        tls.minimumTLSVersion = .tlsv13
        tls.applicationProtocols = ["http/1.1"]
        // A certificate that is shown must be the operator CA's; whether one is needed, the route says.
        tls.certificateVerification = .optionalVerification
        tls.trustRoots = .certificates(authority)
        tls.sendCANameList = true
        return tls
    }
}

/// Keeps the latest checkpoint beside the database: once a second while it moves, and when the service ends.
private struct CheckpointKeeper: Service {
    let verifier: Verifier

    func run() async throws {
        let keeper = LedgerGuard(materials: verifier.materials, store: verifier.store)
        try await keeper.rememberCheckpoint()
        try? await cancelWhenGracefulShutdown {
            var last = try await verifier.store.ledgerHead().size
            while true {
                try await Task.sleep(for: .seconds(1))
                guard let size = try? await verifier.store.ledgerHead().size, size != last else { continue }
                do {
                    try await keeper.rememberCheckpoint()
                    last = size
                } catch {
                    verifier.logger.error("the last checkpoint cannot be kept", metadata: ["error": "\(error)"])
                }
            }
        }
        // Also when the service ends because something failed: this must not be cancelled with it.
        await Task { try? await keeper.rememberCheckpoint() }.value
    }
}
