import FoundationEssentials
import Logging
import ServiceLifecycle

/// Tells ahead that the TLS certificate ends: a service that is never restarted shows the one that it began with.
struct CertificateWatch: Service {
    /// Not yet, by a clock that is behind, or for a certificate that was made while it was ahead.
    let beginsAt: Date
    let endsAt: Date
    /// How there is another when it ends.
    let renewal: String
    let logger: Logger
    let now: @Sendable () -> Date

    private static let interval = Duration.seconds(86_400)
    // From then on a restart makes another, and a verifier's check says so.
    private static let ahead: TimeInterval = 30 * 86_400

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while true {
                look()
                try await Task.sleep(for: Self.interval)
            }
        }
    }

    /// Says once a day what nobody has done yet.
    private func look() {
        let now = self.now()
        // Another is not made by itself: a machine without a clock is given the time after it has booted, and that one would be over then.
        if now < beginsAt {
            logger.warning(
                "the TLS certificate is not valid yet: nobody accepts it",
                metadata: [
                    "hint":
                        "check the clock; if it was ahead when tls.pem was made, remove that file and restart the service"
                ]
            )
        }
        let left = endsAt.timeIntervalSince(now)
        guard left < Self.ahead else { return }
        let message: Logger.Message =
            left > 0
            ? "the TLS certificate expires within 30 days" : "the TLS certificate has expired: nobody accepts it"
        logger.warning(message, metadata: ["hint": "\(renewal)"])
    }
}

extension MetricFamily {
    static let certificateEnd = MetricFamily(
        "birthmark_tls_certificate_expiry_timestamp_seconds",
        .gauge,
        help: "When the TLS certificate that is shown expires, in seconds since 1970."
    )
}
