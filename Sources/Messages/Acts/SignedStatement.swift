/// An operator's statement in the envelope that he has signed, taken apart and not yet believed.
///
/// Beside a request it travels in a header: the envelope's canonical JSON in base64url.
public struct SignedStatement: Hashable, Sendable {
    /// The envelope.
    public let envelope: SignedEnvelope
    /// What it says; nobody's word before ``isSigned(by:)``.
    public let claimed: ActStatement

    /// The header's name.
    public static let headerName = "birthmark-act"
    /// The most characters of the header: a statement of the largest size in base64 twice, with its signature.
    public static let maximumHeader = 3072

    /// Signs a statement.
    public init(_ statement: ActStatement, by signer: StatementSigner) throws(MessageError) {
        claimed = statement
        envelope = try SignedEnvelope(
            payload: try CanonicalJSON.encode(statement),
            payloadType: ActStatement.payloadType,
            signers: [signer]
        )
    }

    /// Takes an envelope apart.
    /// - Throws: `MessageError` unless it has one signature over one statement.
    public init(_ envelope: SignedEnvelope) throws(MessageError) {
        guard envelope.payloadType == ActStatement.payloadType, envelope.signatures.count == 1 else {
            throw MessageError(.malformed, "not one act with one signature")
        }
        claimed = try ActStatement(parsing: envelope.payload.bytes)
        self.envelope = envelope
    }

    /// Reads the header.
    public init(header: String) throws(MessageError) {
        guard header.utf8.count <= Self.maximumHeader else {
            throw MessageError(.tooLarge, "more than \(Self.maximumHeader) characters")
        }
        guard let bytes = Base64URL.decode(header) else { throw MessageError(.malformed, "not base64url") }
        try self.init(try SignedEnvelope(parsing: bytes))
    }

    /// Writes the header.
    public var header: String {
        get throws(MessageError) { Base64URL.encode(try CanonicalJSON.encode(envelope)) }
    }

    /// What a ledger entry names it by: SHA-256 of the envelope's canonical JSON.
    public var digest: ContentDigest {
        get throws(MessageError) { try envelope.digest }
    }

    /// Whether this key has signed it.
    public func isSigned(by key: StatementKey) -> Bool {
        (try? envelope.payload(type: ActStatement.payloadType, signedBy: key)) != nil
    }
}
