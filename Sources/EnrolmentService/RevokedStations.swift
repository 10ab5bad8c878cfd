import DurableFiles
import HTTPService
import Logging
import Messages
import ServiceLifecycle
import Synchronization

/// The stations whose certificates count no more: of `service.json` nothing else is read again while the host serves.
///
/// A station's key that was stolen is to count no more at once, and not when somebody finds the time to start the host again.
final class RevokedStations: Sendable {
    private let directory: HostDirectory
    private let logger: Logger
    private let current: Mutex<Set<Label>>
    private let reading: Mutex<Reading>

    private struct Reading {
        /// The file as it was before it was read last.
        var read: FileStamps
        /// The file at the last look.
        var seen: FileStamps?
        /// Why it could not be read last; `nil` when it could.
        var fault: String?
    }

    /// - Parameters:
    ///   - configuration: what stood in the file.
    ///   - files: the file as it was before that was read.
    init(_ directory: HostDirectory, _ configuration: HostConfiguration, files: FileStamps, logger: Logger) {
        self.directory = directory
        self.logger = logger
        current = Mutex(Set(configuration.revokedStations))
        reading = Mutex(Reading(read: files))
    }

    /// Asked at each request.
    var now: Set<Label> { current.withLock { $0 } }

    /// How the file is now.
    static func files(_ directory: HostDirectory) -> FileStamps { FileStamps(of: [directory.configuration]) }

    /// Reads the file again when it has changed, and was the same at two looks; one that cannot be read changes nothing.
    func look() {
        reading.withLock { reading in
            let files = Self.files(directory)
            defer { reading.seen = files }
            guard files != reading.read || reading.fault != nil, files == reading.seen else { return }
            do {
                let revoked = Set(try HostSetup.configuration(directory).revokedStations)
                current.withLock { $0 = revoked }
                reading.read = files
                reading.fault = nil
                logger.notice("revoked stations read again", metadata: ["revokedStations": "\(revoked.count)"])
            } catch {
                // Looked at every second, told once.
                let fault = String(describing: error)
                guard fault != reading.fault else { return }
                reading.fault = fault
                let hint = (error as? SetupError)?.hint ?? (error as? FileError)?.hint
                logger.error(
                    "the revoked stations stay as they are: their file cannot be read",
                    metadata: [
                        "error": "\(fault)", "hint": "\(hint ?? "put the file right; it is read again by itself")",
                    ]
                )
            }
        }
    }
}

/// Looks at the file once a second while the host serves.
struct RevokedStationsKeeper: Service {
    let stations: RevokedStations

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while true {
                try await Task.sleep(for: .seconds(1))
                stations.look()
            }
        }
    }
}
