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
    ///
    /// An empty one is none: under this device's signature it would be evidence that does not fit, and end the lease.
    func read() throws(AgentError) -> [UInt8]? {
        let bytes: [UInt8]
        do {
            bytes = try BoundedFile.readKept(path, limit: Evidence.maximumLogSize)
        } catch {
            if !isNamed, error.code == .missing { return nil }
            var failure = AgentError(input: error)
            failure.message = "the event log: " + failure.message
            throw failure
        }
        guard bytes.isEmpty else { return bytes }
        guard isNamed else { return nil }
        throw AgentError(
            .malformed,
            "the event log: \(path) is empty",
            hint: "name the one of this boot, or none where the firmware keeps none"
        )
    }
}
