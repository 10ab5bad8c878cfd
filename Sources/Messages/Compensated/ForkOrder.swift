/// Which of two copies of an instance goes on, by an operator who has looked at both.
public enum ForkCopy: String, Hashable, Sendable, Codable, CaseIterable {
    /// The one that the verifier knew: the other was a copy, or an old state.
    case known
    /// The other: its state was put back from a backup on the device itself.
    case other
}

/// `POST /v1/instances/{name}/settle-fork`.
public struct ForkOrder: Hashable, Sendable, Codable {
    /// Which copy goes on.
    public var line: ForkCopy
    /// Why, for the ledger.
    public var reason: Remark

    /// The most bytes of the message.
    public static let maximumSize = 4096

    /// Joins both; `nil` when the reason is no `Remark`.
    public init?(_ line: ForkCopy, reason: String) {
        guard let reason = Remark(reason) else { return nil }
        self.line = line
        self.reason = reason
    }

    /// Reads the message.
    public init(parsing bytes: some Sequence<UInt8>) throws(MessageError) {
        self = try CanonicalJSON.decode(ForkOrder.self, from: bytes, limit: Self.maximumSize)
    }
}
