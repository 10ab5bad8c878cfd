package import DurableFiles
package import Logging
package import ServiceLifecycle
import UnixSignals

/// How programs run a service.
package enum Serving {
    /// Runs a service until SIGTERM or SIGINT.
    /// - Parameters:
    ///   - others: what runs beside it; all of them end with the service.
    ///   - stopSeconds: how long requests in progress are given then.
    package static func untilStopped(
        _ server: any Service,
        with others: [any Service] = [],
        stopSeconds: Int,
        logger: Logger
    ) async throws {
        // The group's own lines say nothing that ours do not.
        var quiet = logger
        quiet.logLevel = .error
        var services: [ServiceGroupConfiguration.ServiceConfiguration] = [
            .init(service: server, successTerminationBehavior: .gracefullyShutdownGroup)
        ]
        for other in others { services.append(.init(service: other)) }
        var configuration = ServiceGroupConfiguration(
            services: services,
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: quiet
        )
        configuration.maximumGracefulShutdownDuration = .seconds(stopSeconds)
        try await ServiceGroup(configuration: configuration).run()
    }
}

/// Tells whoever has started a service on which port it listens.
package struct PortFile: Sendable {
    private let path: String?
    private let logger: Logger

    /// Empties the file: now it can still be refused, and the port of an earlier run must not be taken for this one's.
    /// - Parameter path: `nil` when nobody wants to know.
    package init(_ path: String?, logger: Logger) throws(FileError) {
        if let path { try AtomicFile.write([], to: path) }
        self.path = path
        self.logger = logger
    }

    /// Writes the port, once connections are accepted.
    package func write(_ port: Int) {
        guard let path else { return }
        do {
            try AtomicFile.write(Array("\(port)\n".utf8), to: path)
        } catch { logger.error("the port file cannot be written", metadata: ["error": "\(error)"]) }
    }
}
