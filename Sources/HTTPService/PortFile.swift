package import DurableFiles
package import Logging

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
        } catch {
            logger.error(
                "the port file cannot be written",
                metadata: [
                    "error": "\(error)", "hint": "the service goes on; its first line in this log says the port",
                ]
            )
        }
    }
}
