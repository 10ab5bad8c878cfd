import DurableFiles
import HTTPService
import Logging
import Messages
import Synchronization

/// The stations whose certificates count no more: of `service.json` nothing else is read again while the host serves.
///
/// A station's key that was stolen is to count no more at once, and not when somebody finds the time to start the host again.
final class RevokedStations: Sendable {
    private let directory: HostDirectory
    private let logger: Logger
    private let current: Mutex<Set<Label>>
    private let file: RereadFiles

    /// - Parameters:
    ///   - configuration: what stood in the file.
    ///   - files: the file as it was before that was read.
    init(_ directory: HostDirectory, _ configuration: HostConfiguration, files: FileStamps, logger: Logger) {
        self.directory = directory
        self.logger = logger
        current = Mutex(Set(configuration.revokedStations))
        file = RereadFiles(
            files,
            complaint: "the revoked stations stay as they are: their file cannot be read",
            logger: logger
        ) { Self.files(directory) }
    }

    /// Asked at each request.
    var now: Set<Label> { current.withLock { $0 } }

    /// How the file is now.
    static func files(_ directory: HostDirectory) -> FileStamps { FileStamps(of: [directory.configuration]) }

    /// Reads the file again when it has changed.
    func look() {
        file.look {
            let revoked = Set(try HostSetup.configuration(directory).revokedStations)
            current.withLock { $0 = revoked }
            logger.notice("revoked stations read again", metadata: ["revokedStations": "\(revoked.count)"])
        }
    }
}
