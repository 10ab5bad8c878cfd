import FoundationEssentials
import Messages

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
