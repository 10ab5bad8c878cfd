/// Why the verifier's directory cannot be used, with what to do about it.
public struct SetupError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of fault it is.
    public enum Kind: Hashable, Sendable {
        /// A file says something that cannot be meant.
        case malformed
        /// The machine or the directory is not as it must be.
        case environment
    }

    public var kind: Kind
    /// What happened, in one sentence without a full stop.
    public var message: String
    /// What to do next.
    public var hint: String?

    /// Makes an error: nobody is told what is wrong without what to do about it.
    public init(_ kind: Kind, _ message: String, hint: String) {
        self.kind = kind
        self.message = message
        self.hint = hint
    }

    public var description: String { message }
}
