import Endorsement
import HTTPService
import Logging
import Messages
import Synchronization

/// The trust lists that count now, and the reading of them again; files that cannot be read whole change nothing.
final class TrustInForce: Sendable {
    private let directory: VerifierDirectory
    private let configuration: VerifierConfiguration
    private let metrics: Metrics
    private let logger: Logger
    private let current: Mutex<TrustLists>
    private let files: RereadFiles

    init(_ materials: VerifierMaterials, metrics: Metrics, logger: Logger) {
        directory = materials.directory
        configuration = materials.configuration
        current = Mutex(materials.trust)
        self.metrics = metrics
        self.logger = logger
        files = RereadFiles(
            materials.trust.files,
            complaint: "the trust lists stay as they are: a file of them cannot be read",
            logger: logger
        ) { [directory, configuration] in TrustLists.files(directory, configuration) }
    }

    /// Whoever judges takes them once, so that he judges by one set.
    var now: TrustLists { current.withLock { $0 } }

    /// Reads the files again.
    func read() { files.read(takeUp) }

    /// Reads them again when they have changed.
    func look() { files.look(takeUp) }

    private func takeUp() throws {
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
            // Where there are roots, nothing without a certificate is believed any more once the list is gone.
            guard lists.ekAllowList != nil || lists.endorsement != nil || now.ekAllowList == nil else {
                throw SetupError(
                    .environment,
                    "\(directory.file(configuration.ekAllowList)) is gone, and nothing else bounds endorsement keys",
                    hint: "put it back; to believe the factory's word alone, restart"
                )
            }
            current.withLock { $0 = lists }
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
            throw error
        }
    }
}
