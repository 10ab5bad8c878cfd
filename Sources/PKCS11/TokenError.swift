/// Why a key of a token cannot be used.
public struct TokenError: Error, Sendable, Hashable, CustomStringConvertible {
    /// One sentence for people; never a PIN.
    public let description: String
    /// What to do next.
    public let hint: String
    /// Whether the token did not take the PIN: it counts such attempts, and locks itself after a few.
    public let isPINRefused: Bool

    init(_ description: String, hint: String, isPINRefused: Bool = false) {
        self.description = description
        self.hint = hint
        self.isPINRefused = isPINRefused
    }
}
