/// `POST /v1/vouched-decisions`: what an instance without a TPM has shown, and a gateway's quote over that and what it saw.
public struct VouchedEvidence: Hashable, Sendable, Codable {
    /// The instance's own evidence, as it came.
    public var child: CompensatedEvidence
    /// The exact bytes of the gateway's statement.
    public var statement: Blob
    /// The gateway's evidence, over a request that names the statement.
    public var gateway: Evidence

    /// The most bytes accepted.
    public static let maximumSize =
        Evidence.maximumSize + CompensatedEvidence.maximumSize + VouchStatement.maximumSize / 3 * 4 + 1024

    /// Joins the parts.
    public init(child: CompensatedEvidence, statement: Blob, gateway: Evidence) {
        self.child = child
        self.statement = statement
        self.gateway = gateway
    }

    /// Reads the message, and each part as strictly as alone.
    public init(parsing bytes: some Sequence<UInt8>) throws(MessageError) {
        self = try CanonicalJSON.decode(VouchedEvidence.self, from: bytes, limit: Self.maximumSize)
        try child.check()
        try gateway.check()
    }
}

/// The answer when the gateway's word was taken and the instance's request accepted; refusals of either are a `Problem` that names whom
/// it is about.
public struct VouchedAnswer: Hashable, Sendable, Codable {
    /// What the gateway is told of itself: each time it vouches, its own boot is judged and its lease renewed.
    public var gateway: DecisionAnswer
    /// What goes to the instance.
    public var child: CompensatedAnswer

    /// The most bytes accepted.
    public static let maximumSize = DecisionAnswer.maximumSize + CompensatedAnswer.maximumSize

    /// Joins both.
    public init(gateway: DecisionAnswer, child: CompensatedAnswer) {
        self.gateway = gateway
        self.child = child
    }
}
