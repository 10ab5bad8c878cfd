import FoundationEssentials
import Messages
import Wording

/// A JWS in compact form (RFC 7515 section 7.1), taken apart and not yet believed.
struct CompactJWS {
    let header: [UInt8]
    let payload: [UInt8]
    private let signature: [UInt8]
    private let signingInput: [UInt8]

    static let algorithm = "ES256"
    /// ES256: r and s of 32 bytes each (RFC 7518 section 3.4).
    private static let signatureSize = 64

    /// Takes a text apart; `nil` unless it is three parts of base64url between two dots.
    init?(parsing compact: String) {
        let parts = compact.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Base64URL.decode(parts[0]), let payload = Base64URL.decode(parts[1]),
            let signature = Base64URL.decode(parts[2])
        else { return nil }
        self.header = header
        self.payload = payload
        self.signature = signature
        signingInput = Array("\(parts[0]).\(parts[1])".utf8)
    }

    /// Whether this key signed header and payload, as ES256.
    func isSigned(by key: StatementKey) -> Bool {
        key.algorithm == .es256 && signature.count == Self.signatureSize
            && key.isValid(signature: signature, over: signingInput)
    }

    /// Signs header and payload, and joins the three.
    static func sign(
        header: [UInt8],
        payload: [UInt8],
        with signer: StatementSigner
    ) throws(MessageError) -> String {
        let input = Base64URL.encode(header) + "." + Base64URL.encode(payload)
        return input + "." + Base64URL.encode(try signer.signature(over: Array(input.utf8)))
    }
}

// MARK: What relying parties are told

extension CompactJWS {
    /// The payload of a token that a verifier's results key signed.
    ///
    /// The header has `alg` ES256, `typ` as it must be, and `kid` or none; with a `kid` only the key of that thumbprint counts,
    /// without one each of the keys is tried. Anything else in a header is a refusal.
    /// - Parameters:
    ///   - type: the value of `typ`: one key signs several kinds of tokens, and none may be taken for another.
    ///   - isTypeRequired: whether a token without `typ` is refused.
    ///   - limit: the most characters.
    static func payload(
        ofResult compact: String,
        type: String,
        isTypeRequired: Bool,
        limit: Int,
        keys: [StatementKey]
    ) throws(JWSError) -> [UInt8] {
        guard compact.utf8.count <= limit, let parts = CompactJWS(parsing: compact) else {
            throw JWSError(.malformed, "not three parts of base64url, or more than \(limit) characters")
        }
        let kid = try parts.keyID(type: type, isTypeRequired: isTypeRequired)
        let candidates = keys.filter { kid == nil || JSONWebKey($0)?.thumbprint == kid }
        guard !candidates.isEmpty else {
            throw JWSError(
                .unknownKey,
                "the key that it names is not known; \(Counted.of(keys.count, "other is", "others are"))"
            )
        }
        guard candidates.contains(where: parts.isSigned(by:)) else {
            throw JWSError(.signature, "the signature does not verify")
        }
        return parts.payload
    }

    private func keyID(type: String, isTypeRequired: Bool) throws(JWSError) -> String? {
        let tree: JSONTree
        do {
            tree = try JSONTree(parsing: header)
        } catch {
            throw JWSError(.header, error.detail)
        }
        guard case .object(let members) = tree else { throw JWSError(.header, "not an object") }
        guard members["alg"] == .string(Self.algorithm) else {
            throw JWSError(.algorithm, "the algorithm is not \(Self.algorithm)")
        }
        // jwk, jku, x5c: a token that brings its own key. crit: something that must be understood, and is not.
        if let foreign = members.members.map(\.key).first(where: { !["alg", "typ", "kid"].contains($0) }) {
            throw JWSError(.header, "\(foreign.prefix(40).debugDescription) has no place in the header")
        }
        guard members["typ"].map({ $0 == .string(type) }) ?? !isTypeRequired else {
            throw JWSError(.header, "the type is not \(type)")
        }
        switch members["kid"] {
        case nil: return nil
        case .string(let kid): return kid
        default: throw JWSError(.header, "\"kid\" is not a text")
        }
    }
}
