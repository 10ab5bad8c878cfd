/// One parser, or one family of them, with what must hold on every input whatever.
///
/// The fuzzer runs `check` on inputs that it makes up, the tests on the seeds and on every input that once broke it.
public struct ParserTarget: Sendable {
    /// The name in `make fuzz`, and of the directories of seeds and found inputs.
    public let name: String
    /// The longest input that is worth a mutation, in bytes; parsers with larger bounds are not slower to break.
    public let longestInput: Int
    /// Runs the parser and holds it to its properties.
    /// - Returns: whether the parser accepted the input.
    /// - Throws: the property that does not hold.
    public let check: @Sendable ([UInt8]) throws(BrokenProperty) -> Bool

    init(
        _ name: String,
        longestInput: Int,
        check: @escaping @Sendable ([UInt8]) throws(BrokenProperty) -> Bool
    ) {
        self.name = name
        self.longestInput = longestInput
        self.check = check
    }

    /// Every parser that sees bytes from outside.
    public static let all: [ParserTarget] =
        wireStructures + eventLogs + imaLists + certificates + requests + messages + compensatedMessages
        + [grant, policy, statusList, auditBundle, act] + ledgerTexts

    /// The target with a name.
    public static func named(_ name: String) -> ParserTarget? { all.first { $0.name == name } }
}

/// What a parser promised and did not keep.
public struct BrokenProperty: Error, CustomStringConvertible {
    /// The property, as a sentence that should have been true.
    public let description: String

    init(_ description: String) { self.description = description }
}

/// Holds a parser to a property.
func hold(_ condition: Bool, _ property: @autoclosure () -> String) throws(BrokenProperty) {
    guard condition else { throw BrokenProperty(property()) }
}
