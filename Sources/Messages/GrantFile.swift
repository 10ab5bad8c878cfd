/// A grant as it is kept and as it travels: with the request it answers, so that anybody can check it later.
public struct GrantFile: Hashable, Sendable, Codable {
    /// The format; 1 is the only one.
    public var formatVersion: Int
    /// The exact bytes of the decision request.
    public var request: Blob
    /// The grant and its ledger proof.
    public var delivery: GrantDelivery

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
        self = try CanonicalJSON.decode(GrantFile.self, from: bytes, limit: Self.maximumSize)
        guard formatVersion == 1 else {
            throw MessageError(.outOfRange, "grant file format \(formatVersion) is not known here")
        }
    }
}
