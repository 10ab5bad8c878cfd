/// Why a compact form is nothing that a verifier has signed as such: no grant, no attestation result, no status list, no word to a device.
public struct JWSError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of fault it is.
    public enum Code: String, Hashable, Sendable, CaseIterable {
        /// Not three parts of base64url, or too long.
        case malformed
        /// The header lacks a member, or has one that it must not have.
        case header
        /// The algorithm is not ES256.
        case algorithm
        /// The key is none of the pinned ones.
        case unknownKey = "unknown-key"
        /// The signature does not verify.
        case signature
        /// The claims are not those of such a token, or contradict one another.
        case claims
        /// A grant was given by somebody else.
        case issuer
    }

    /// The kind of fault.
    public let code: Code
    /// One line for people.
    public let detail: String

    init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }

    /// The line for people.
    public var description: String { detail }
}
