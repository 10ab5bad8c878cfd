/// Why a computation could not be made: the inputs do not allow it, or a library failed.
///
/// Never the answer to "is this signature good": that is a `SignatureVerdict`.
public struct TPMCryptoError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of obstacle was met.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String { case unsupportedAlgorithm, unsuitableKey, tooLong, library }
        private let kind: Kind

        /// An algorithm or curve that is not implemented here.
        public static let unsupportedAlgorithm = Code(kind: .unsupportedAlgorithm)
        /// A key that is malformed, too small, off its curve or made for something else.
        public static let unsuitableKey = Code(kind: .unsuitableKey)
        /// More bytes than the algorithm can carry.
        public static let tooLong = Code(kind: .tooLong)
        /// swift-crypto or libcrypto failed where it should not.
        public static let library = Code(kind: .library)

        /// The name of the code, stable, for logs and machines.
        public var description: String { kind.rawValue }
    }

    /// What kind of obstacle was met.
    public let code: Code
    /// What was seen, for people.
    public let detail: String

    /// Makes an error.
    init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }

    /// One sentence for people.
    public var description: String { detail }
}
