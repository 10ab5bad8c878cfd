import DurableFiles

/// Why a software device could not be made, started or booted, in words that say what to do.
public struct SoftwareDeviceError: Error, Sendable, CustomStringConvertible {
    /// What kind of fault it is, for exit statuses.
    public enum Kind: Sendable { case input, environment }

    public let kind: Kind
    public let description: String

    init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

    /// A file that cannot be read was named wrongly; one that cannot be written is the machine's fault.
    init(_ error: FileError) {
        self.init(error.act == .read ? .input : .environment, "\(error)\(error.hint.map { ": \($0)" } ?? "").")
    }
}
