import DurableFiles
import Messages

/// Where the firmware's event log is.
public struct EventLogFile: Hashable, Sendable {
    /// The path.
    public var path: String
    /// Whether somebody named it; Linux's own place may be empty on a machine whose firmware keeps no log.
    public var isNamed: Bool

    /// Names a place.
    public init(path: String, isNamed: Bool) {
        self.path = path
        self.isNamed = isNamed
    }

    /// The whole log; nil when nobody named one and there is none.
    func read() throws(AgentError) -> [UInt8]? {
        do {
            return try BoundedFile.readKept(path, limit: Evidence.maximumLogSize)
        } catch {
            if !isNamed, error.code == .missing { return nil }
            var failure = AgentError(input: error)
            failure.message = "the event log: " + failure.message
            throw failure
        }
    }
}
