/// A release as the verifier has it on record: `POST /v1/releases`, `POST /v1/releases/{manifest}/withdraw`.
public struct ReleaseReport: Hashable, Sendable, Codable {
    /// SHA-256 of the signed payload, by which the release is named.
    public var manifest: ContentDigest
    /// The signed statement itself.
    public var release: Release
    /// Seconds since 1970 at which it was registered.
    public var addedAt: Int64
    /// Who registered it.
    public var addedBy: Label
    /// Present when it was withdrawn.
    public var withdrawal: Withdrawal?

    /// The most bytes accepted.
    public static let maximumSize = Release.maximumSize + (8 << 10)

    /// Who withdrew it, when and why.
    public struct Withdrawal: Hashable, Sendable, Codable {
        /// Seconds since 1970.
        public var at: Int64
        /// The operator.
        public var by: Label
        /// The reason.
        public var reason: String
        /// Present, and true, when it was recalled: nobody is trusted who runs it.
        public var recalled: Bool?

        /// Joins the parts.
        public init(at: Int64, by: Label, reason: String, recalled: Bool? = nil) {
            self.at = at
            self.by = by
            self.reason = reason
            self.recalled = recalled
        }
    }

    /// Joins the parts.
    public init(
        manifest: ContentDigest,
        release: Release,
        addedAt: Int64,
        addedBy: Label,
        withdrawal: Withdrawal? = nil
    ) {
        self.manifest = manifest
        self.release = release
        self.addedAt = addedAt
        self.addedBy = addedBy
        self.withdrawal = withdrawal
    }
}

/// The answer to `GET /v1/releases`.
public struct ReleaseList: Hashable, Sendable, Codable {
    /// The newest first.
    public var releases: [ReleaseReport]

    /// The most bytes accepted.
    public static let maximumSize = 32 << 20

    /// Joins the reports.
    public init(releases: [ReleaseReport]) { self.releases = releases }
}
