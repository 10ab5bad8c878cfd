public import Messages

/// A grant as it is kept: with the request it answers, so that anybody can check it later.
public struct StoredGrant: Hashable, Sendable, Codable {
    /// The format; 1 is the only one.
    public var formatVersion: Int
    /// The exact bytes of the decision request.
    public var request: Blob
    /// The grant and its ledger proof.
    public var delivery: GrantDelivery

    /// `jti` is 16 random bytes.
    static let tokenIDSize = 16
    /// The most bytes of the file: its parts and their base64.
    public static let maximumSize = DecisionAnswer.maximumSize + 2 * DecisionRequest.maximumSize

    /// Joins the parts.
    public init(request: Blob, delivery: GrantDelivery) {
        self.formatVersion = 1
        self.request = request
        self.delivery = delivery
    }

    /// Reads the file; nothing in it is trusted before the gate has checked it.
    public init(parsing bytes: [UInt8]) throws(MessageError) {
        self = try CanonicalJSON.decode(StoredGrant.self, from: bytes, limit: Self.maximumSize)
        guard formatVersion == 1 else {
            throw MessageError(.outOfRange, "grant file format \(formatVersion) is not known here")
        }
    }
}

extension StateDirectory {
    /// Keeps a grant under its id.
    func keep(_ grant: StoredGrant, as jti: String) throws(AgentError) {
        guard let path = grantPath(jti) else {
            throw AgentError(
                .refused,
                "the grant's id is no token id",
                hint: "nothing was installed; ask the verifier's operator"
            )
        }
        let bytes: [UInt8]
        do {
            bytes = try CanonicalJSON.encode(grant)
        } catch {
            throw AgentError("the grant", error)
        }
        try write(bytes, to: path)
    }
}
