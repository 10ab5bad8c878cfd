import DurableFiles

/// Why a software device could not be made, started or booted, in words that say what to do.
public struct SoftwareDeviceError: Error, Sendable, CustomStringConvertible {
    /// What kind of fault it is, for exit statuses.
    public enum Kind: Sendable { case input, environment }

    public let kind: Kind
    /// What happened.
    public let message: String
    /// What to do next; `nil` where the message says it all.
    public let hint: String?
    /// Both on one line.
    public var description: String { hint.map { "\(message): \($0)" } ?? message }

    init(_ kind: Kind, _ message: String, hint: String? = nil) {
        self.kind = kind
        self.message = message
        self.hint = hint
    }

    /// A file that cannot be read was named wrongly; one that cannot be written is the machine's fault.
    init(_ error: FileError) {
        self.init(error.act == .read ? .input : .environment, error.description, hint: error.hint)
    }
}
