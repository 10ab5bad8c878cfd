public import Messages

/// What an operator has signed for a change, as a record keeps it: the names that it is looked for by, and the document.
public struct StoredAct: Hashable, Sendable {
    /// What ledger entries name it by: ``Messages/SignedStatement/digest``.
    public let digest: ContentDigest
    /// The statement's nonce: no two acts have the same.
    public let nonce: [UInt8]
    /// Statement, certificate and body.
    public let act: SignedAct

    /// Takes a statement that was judged.
    /// - Parameters:
    ///   - certificate: the operator's, in DER.
    ///   - body: the request's; kept when it is small enough (``Messages/SignedAct/maximumBody``).
    public init(_ signed: SignedStatement, certificate: [UInt8], body: [UInt8]) throws(MessageError) {
        digest = try signed.digest
        nonce = signed.claimed.nonce.bytes
        act = SignedAct(signed, certificate: certificate, body: body)
    }
}
