/// Why bytes are not the structure they claim to be.
///
/// An open struct: new codes may be added. Compare `code`, print `description`.
public struct WireError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of fault was met.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String { case truncated, trailingBytes, tooLong, illegalValue, unsupported, notGenerated }
        private let kind: Kind

        /// The input ended inside a field.
        public static let truncated = Code(kind: .truncated)
        /// The structure was complete and bytes were left over.
        public static let trailingBytes = Code(kind: .trailingBytes)
        /// A size or count exceeds the bound of its field.
        public static let tooLong = Code(kind: .tooLong)
        /// A value that the standard forbids in this place.
        public static let illegalValue = Code(kind: .illegalValue)
        /// A legal selector whose structure this module does not know; `value` holds the selector.
        public static let unsupported = Code(kind: .unsupported)
        /// The magic of a TPMS_ATTEST is not TPM_GENERATED_VALUE: no TPM says it made this.
        public static let notGenerated = Code(kind: .notGenerated)

        /// The name of the code, stable, for logs and machines.
        public var description: String { kind.rawValue }
    }

    /// What kind of fault was met.
    public let code: Code
    /// The field that was being read, in the spelling of TPM 2.0 Part 2.
    public let field: String
    /// Where the field starts, in bytes from the beginning of the input.
    public let offset: Int
    /// The offending number (a size, a count, a selector), when there is one.
    public let value: UInt64?

    /// Makes an error.
    public init(_ code: Code, field: String, offset: Int, value: UInt64? = nil) {
        self.code = code
        self.field = field
        self.offset = offset
        self.value = value
    }

    /// One sentence for people.
    public var description: String {
        let number = value.map { " (0x" + String($0, radix: 16) + ")" } ?? ""
        let fault =
            switch code {
            case .truncated: "the input ends inside \(field)"
            case .trailingBytes: "there are bytes after the end of \(field)"
            case .tooLong: "\(field) is longer than its bound"
            case .unsupported: "\(field) selects something that is not supported"
            case .notGenerated: "\(field) is not TPM_GENERATED_VALUE, so this was not made by a TPM"
            default: "\(field) holds a value that TPM 2.0 Part 2 does not allow"
            }
        return fault + number + " at byte \(offset)"
    }
}
