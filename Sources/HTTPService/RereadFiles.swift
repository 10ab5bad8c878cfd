package import DurableFiles
package import Logging
import ServiceLifecycle
import Synchronization

/// Files of a service that are read again while it serves; those that cannot be read change nothing.
package final class RereadFiles: Sendable {
    private struct Reading {
        /// The files as they were before they were read last.
        var read: FileStamps
        /// The files at the last look.
        var seen: FileStamps?
        /// Why they could not be read last; `nil` when they could.
        var fault: String?
    }

    /// Held while files are read: an older reading never comes after a newer one.
    private let reading: Mutex<Reading>
    private let files: @Sendable () -> FileStamps
    private let complaint: String
    private let logger: Logger

    /// - Parameters:
    ///   - read: the files as they were before they were read at the start.
    ///   - complaint: what is told when they cannot be read.
    ///   - files: how they are now.
    package init(
        _ read: FileStamps,
        complaint: String,
        logger: Logger,
        files: @escaping @Sendable () -> FileStamps
    ) {
        reading = Mutex(Reading(read: read))
        self.complaint = complaint
        self.logger = logger
        self.files = files
    }

    /// Reads them again, whether or not they have changed.
    /// - Parameter body: reads them, and takes up what they say.
    package func read(_ body: () throws -> Void) {
        reading.withLock { read(files(), &$0, body) }
    }

    /// Reads them again when they have changed, and were the same at two looks: one that is being copied is not read half.
    package func look(_ body: () throws -> Void) {
        reading.withLock { reading in
            let files = files()
            defer { reading.seen = files }
            guard files != reading.read || reading.fault != nil, files == reading.seen else { return }
            read(files, &reading, body)
        }
    }

    private func read(_ files: FileStamps, _ reading: inout Reading, _ body: () throws -> Void) {
        do {
            try body()
            reading.read = files
            reading.fault = nil
        } catch {
            // Looked at every second, told once.
            let fault = String(describing: error)
            guard fault != reading.fault else { return }
            reading.fault = fault
            let hint = (error as? SetupError)?.hint ?? (error as? FileError)?.hint
            logger.error(
                "\(complaint)",
                metadata: ["error": "\(fault)", "hint": "\(hint ?? "put the file right; it is read again by itself")"]
            )
        }
    }
}

/// Looks at such files once a second while the service runs.
package struct FileKeeper: Service {
    private let look: @Sendable () -> Void

    package init(look: @escaping @Sendable () -> Void) { self.look = look }

    package func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while true {
                try await Task.sleep(for: .seconds(1))
                look()
            }
        }
    }
}
