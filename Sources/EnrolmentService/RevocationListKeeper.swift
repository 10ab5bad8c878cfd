import FactoryAuthority
import HTTPService
import Logging
import ServiceLifecycle

/// Keeps the revocation list of a CA that serves good: looks when it begins, and then once an hour.
struct RevocationListKeeper: Service {
    let authority: FactoryAuthority
    let metrics: Metrics
    let logger: Logger
    /// Seconds since 1970.
    let now: @Sendable () -> Int64

    // A small part of the time that is left to the shortest list, which is good for a day, when it is due.
    private static let interval = Duration.seconds(3600)

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while true {
                look()
                try await Task.sleep(for: Self.interval)
            }
        }
    }

    /// Signs the list again when that is due; when it cannot be signed, stations are served all the same.
    func look() {
        do {
            guard let signed = try authority.renewRevocationList(at: now()) else { return }
            metrics.count(.revocationLists, "signed")
            logger.notice(
                "revocation list signed",
                metadata: [
                    "number": "\(signed.number)", "revoked": "\(signed.revoked)", "nextUpdate": "\(signed.nextUpdate)",
                ]
            )
        } catch {
            metrics.count(.revocationLists, "failed")
            let path = authority.directory.path
            logger.error(
                "the revocation list cannot be signed again; verifiers import no birth once it has ended",
                metadata: [
                    "error": "\(error)",
                    "hint": "put that right; it is tried again every hour, and by birthmark-factory ca crl \(path)",
                ]
            )
        }
    }
}

extension MetricFamily {
    static let revocationLists = MetricFamily(
        "birthmark_revocation_lists_total",
        labels: ["outcome"],
        help: "Revocation lists that were to be signed again, by outcome."
    )
}
