/// Why an operator does something; it stands on the ledger beside the operator's name.
public struct OperatorReason: Hashable, Sendable, Codable {
    /// The reason, for people.
    public var reason: Remark

    /// The most bytes of the message.
    public static let maximumSize = 4096

    /// States a reason; `nil` when it is no `Remark`.
    public init?(_ reason: String) {
        guard let reason = Remark(reason) else { return nil }
        self.reason = reason
    }

    /// Reads the message.
    public init(parsing bytes: some Sequence<UInt8>) throws(MessageError) {
        self = try CanonicalJSON.decode(OperatorReason.self, from: bytes, limit: Self.maximumSize)
    }
}
