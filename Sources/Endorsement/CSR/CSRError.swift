/// Why bytes are no certification request in the form that was stated.
public struct CSRError: Error, Sendable, Hashable, CustomStringConvertible {
    /// One sentence for people: the field, and what is wrong with it.
    public let description: String

    init(_ description: String) { self.description = description }
}
