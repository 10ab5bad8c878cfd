/// Why bytes could not be read as a message, or a message not be written.
public struct MessageError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of fault it is; compare this, show `detail`.
    public struct Code: Hashable, Sendable {
        private enum Kind {
            case malformed
            case notCanonical
            case tooLarge
            case notEncodable
            case outOfRange
            case badSignature
        }
        private let kind: Kind

        /// The bytes are not this message.
        public static let malformed = Code(kind: .malformed)
        /// The bytes mean something but are not in the one accepted form.
        public static let notCanonical = Code(kind: .notCanonical)
        /// More bytes than the message may have.
        public static let tooLarge = Code(kind: .tooLarge)
        /// The value has no JSON form.
        public static let notEncodable = Code(kind: .notEncodable)
        /// A field has a value that the message does not allow.
        public static let outOfRange = Code(kind: .outOfRange)
        /// A signature is missing, unknown or does not verify.
        public static let badSignature = Code(kind: .badSignature)
    }

    /// The kind of fault.
    public var code: Code
    /// One line for people; never holds a secret.
    public let detail: String

    /// Enough for a path of keys and a sentence.
    static let maximumDetail = 500

    /// Makes an error of a kind with its line for people.
    ///
    /// What was read may stand in it (a key of a file, a type), so what could forge a line of a log or steer a terminal is escaped.
    public init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = PlainLine.of(detail.unicodeScalars.prefix(Self.maximumDetail))
    }

    /// The line for people.
    public var description: String { detail }
}
