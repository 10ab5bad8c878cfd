public import Messages
public import UpdateTrust

/// A release on record.
public struct StoredRelease: Hashable, Sendable {
    /// SHA-256 of the signed payload.
    public var manifest: ContentDigest
    /// The signed envelope's exact bytes.
    public var envelope: [UInt8]
    /// The payload's exact bytes.
    public var payload: [UInt8]
    /// When it was registered, in seconds since 1970, and by whom.
    public var addedAt: Int64
    public var addedBy: Label
    /// When it was withdrawn, by whom and why.
    public var withdrawal: Withdrawal?

    /// A withdrawal.
    public struct Withdrawal: Hashable, Sendable {
        /// Seconds since 1970.
        public var at: Int64
        public var by: Label
        public var reason: String
        /// Whether nobody is to be trusted either who runs it.
        public var isRecall: Bool

        /// Joins the parts.
        public init(at: Int64, by: Label, reason: String, isRecall: Bool = false) {
            self.at = at
            self.by = by
            self.reason = reason
            self.isRecall = isRecall
        }
    }

    /// Joins the parts.
    public init(
        manifest: ContentDigest,
        envelope: [UInt8],
        payload: [UInt8],
        addedAt: Int64,
        addedBy: Label,
        withdrawal: Withdrawal? = nil
    ) {
        self.manifest = manifest
        self.envelope = envelope
        self.payload = payload
        self.addedAt = addedAt
        self.addedBy = addedBy
        self.withdrawal = withdrawal
    }

    /// How it stands.
    public var standing: ReleaseStanding { withdrawal.map { $0.isRecall ? .recalled : .withdrawn } ?? .registered }
}
