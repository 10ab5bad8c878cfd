import DurableFiles
import Endorsement
import HTTPService
import Logging
import Messages
import ServiceLifecycle
import Synchronization

/// The trust lists that count now, and the reading of them again; files that cannot be read whole change nothing.
final class TrustInForce: Sendable {
    private let directory: VerifierDirectory
    private let configuration: VerifierConfiguration
    private let metrics: Metrics
    private let logger: Logger
    private let current: Mutex<TrustLists>
    /// Held while files are read: an older reading never comes after a newer one.
    private let reading = Mutex(Reading())

    private struct Reading {
        /// The files at the last look.
        var seen: FileStamps?
        /// Why they could not be read last; `nil` when they could.
        var fault: String?
    }

    init(_ materials: VerifierMaterials, metrics: Metrics, logger: Logger) {
        directory = materials.directory
        configuration = materials.configuration
        current = Mutex(materials.trust)
        self.metrics = metrics
        self.logger = logger
    }

    /// Whoever judges takes them once, so that he judges by one set.
    var now: TrustLists { current.withLock { $0 } }

    /// Reads the files again.
    func read() { reading.withLock { read(&$0) } }

    /// Reads them again when they have changed, and were the same at two looks: one that is being copied is not read half.
    func look() {
        reading.withLock { reading in
            let files = TrustLists.files(directory, configuration)
            defer { reading.seen = files }
            guard files != now.files || reading.fault != nil, files == reading.seen else { return }
            read(&reading)
        }
    }

    private func read(_ reading: inout Reading) {
        do {
            let lists = try TrustLists(directory, configuration)
            // Without them more would be believed than before: that takes more than a file that is gone.
            guard lists.endorsement != nil || now.endorsement == nil else {
                throw SetupError(
                    .environment,
                    "\(directory.file(configuration.ekRoots)) holds no TPM vendor's certificate any more",
                    hint: "put them back; to believe the factory's word alone, restart"
                )
            }
            current.withLock { $0 = lists }
            reading.fault = nil
            metrics.set(.trustFault, to: 0)
            logger.notice(
                "trust lists read again",
                metadata: [
                    "stations": "\(lists.birthKeys?.stations.count ?? 0)",
                    "factories": "\(lists.factories?.anchors.roots.count ?? 0)",
                    "revocationLists": "\(lists.factories?.revocationLists.count ?? 0)",
                    "vendors": "\(lists.endorsement?.anchors.roots.count ?? 0)",
                    "allowed": "\(lists.ekAllowList?.count ?? 0)",
                    "releaseKeys": "\(lists.releaseKeys?.keys.count ?? 0)",
                    "revokedOperators": "\(lists.revokedOperators.count)",
                ]
            )
        } catch {
            metrics.set(.trustFault, to: 1)
            // Looked at every second, told once.
            let fault = String(describing: error)
            guard fault != reading.fault else { return }
            reading.fault = fault
            let hint = (error as? SetupError)?.hint ?? (error as? FileError)?.hint
            logger.error(
                "the trust lists stay as they are: a file of them cannot be read",
                metadata: ["error": "\(fault)", "hint": "\(hint ?? "put the file right; it is read again by itself")"]
            )
        }
    }
}

/// Looks at the files once a second while the service runs.
struct TrustKeeper: Service {
    let trust: TrustInForce

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while true {
                try await Task.sleep(for: .seconds(1))
                trust.look()
            }
        }
    }
}
