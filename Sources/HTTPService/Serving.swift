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
