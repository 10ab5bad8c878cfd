/// What somebody signed for an act, with all that it takes to judge it elsewhere: `GET /v1/acts/{digest}`.
public struct SignedAct: Hashable, Sendable, Codable {
    /// The ``ActStatement``, in the envelope that the operator has signed.
    public var statement: SignedEnvelope
    /// The operator's certificate in DER: its SHA-256 stands in the statement.
    public var certificate: Blob
    /// The request's body; absent when it was larger than ``maximumBody``.
    public var body: Blob?

    /// The most bytes of a body that is kept: all that people write, and not the bundles and evidence that they carry.
    public static let maximumBody = 64 << 10
    /// The most bytes of the JSON form: statement, certificate and body in base64.
    public static let maximumSize = 128 << 10

    /// Joins the parts; a body that is too large is left out.
    public init(_ statement: SignedStatement, certificate: [UInt8], body: [UInt8]) {
        self.statement = statement.envelope
        self.certificate = Blob(certificate)
        self.body = body.count <= Self.maximumBody ? Blob(body) : nil
    }

    /// Joins parts that were kept.
    public init(statement: SignedEnvelope, certificate: Blob, body: Blob?) {
        self.statement = statement
        self.certificate = certificate
        self.body = body
    }
}
