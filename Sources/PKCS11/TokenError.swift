/// Why a key of a token cannot be used.
public struct TokenError: Error, Sendable, Hashable, CustomStringConvertible {
    /// One sentence for people; never a PIN.
    public let description: String
    /// What to do next.
    public let hint: String

    init(_ description: String, hint: String) {
        self.description = description
        self.hint = hint
    }
}
