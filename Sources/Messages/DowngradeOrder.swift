/// `POST /v1/instances/{name}/allow-downgrade`: one release below the instance's security floor may be installed once.
public struct DowngradeOrder: Hashable, Sendable, Codable {
    /// The release.
    public var manifest: ContentDigest
    /// For how many hours, 1 to 168.
    public var hours: Int
    /// Why, for the ledger.
    public var reason: Remark

    /// The most bytes of the message.
    public static let maximumSize = 4096
    /// A week: as long as the longest grant.
    public static let maximumHours = 168

    /// Joins the parts; `nil` when the hours are out of bounds or the reason is no `Remark`.
    public init?(manifest: ContentDigest, hours: Int, reason: String) {
        guard let reason = Remark(reason) else { return nil }
        self.manifest = manifest
        self.hours = hours
        self.reason = reason
        guard isSound else { return nil }
    }

    private var isSound: Bool { (1...Self.maximumHours).contains(hours) }

    /// Reads the message.
    public init(parsing bytes: some Sequence<UInt8>) throws(MessageError) {
        self = try CanonicalJSON.decode(DowngradeOrder.self, from: bytes, limit: Self.maximumSize)
        guard isSound else {
            throw MessageError(.outOfRange, "a downgrade is allowed for 1 to \(Self.maximumHours) hours")
        }
    }
}

/// A release below the security floor that an instance may install once.
public struct DowngradeReport: Hashable, Sendable, Codable {
    /// The release's manifest.
    public var manifest: ContentDigest
    /// Who allows it.
    public var by: Label
    /// The first second at which it is over, since 1970.
    public var until: Int64

    /// Joins the parts.
    public init(manifest: ContentDigest, by: Label, until: Int64) {
        self.manifest = manifest
        self.by = by
        self.until = until
    }
}
