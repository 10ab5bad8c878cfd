import FoundationEssentials
public import HTTPService
import Logging
import Messages
public import ServiceLifecycle

/// The local side of a gateway over HTTPS.
public struct GatewayServer: Service {
    private let gateway: Gateway
    private let server: HTTPSServer
    private let onListening: @Sendable (Int) -> Void

    /// - Parameters:
    ///   - address: where to listen instead of where the configuration says.
    ///   - onListening: called with the port once connections are accepted.
    /// - Throws: `SetupError`, or what is wrong with a file.
    public init(
        _ directory: GatewayDirectory,
        _ gateway: Gateway,
        address: ListenAddress? = nil,
        onListening: @escaping @Sendable (Int) -> Void = { _ in }
    ) throws {
        let configuration = try directory.read()
        self.gateway = gateway
        self.onListening = onListening
        server = HTTPSServer(
            routes: gateway.routes,
            identity: try directory.identity(configuration, now: Int64(Date.now.timeIntervalSince1970)),
            address: try configuration.address(unless: address),
            limits: configuration.edge,
            metrics: gateway.metrics,
            logger: gateway.logger,
            now: { Date.now },
            configuration: directory.configuration
        )
    }

    /// Serves until it is told to stop; then finishes what is under way.
    public func run() async throws {
        try await server.run(with: [StatusKeeper(gateway: gateway)], onListening: onListening)
        try gateway.log.write()
    }
}

private struct StatusKeeper: Service {
    let gateway: Gateway

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while true {
                gateway.keepStatus()
                try await Task.sleep(for: .seconds(1))
            }
        }
    }
}
