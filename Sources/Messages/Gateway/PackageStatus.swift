/// `POST /v1/packages` at a gateway, with the signed release: how far the gateway has its package.
public struct PackageStatus: Hashable, Sendable, Codable {
    /// SHA-256 of the package: the name under which the gateway gives it out.
    public var sha256: ContentDigest
    /// Its bytes.
    public var size: UInt64
    /// How many of them the gateway has.
    public var received: UInt64
    /// Whether it has all, and they are what the release says.
    public var isReady: Bool
    /// Why the last attempt to fetch it came to nothing; absent while one goes on.
    public var trouble: String?

    /// The most bytes of the message.
    public static let maximumSize = 4096

    /// Joins the parts.
    public init(sha256: ContentDigest, size: UInt64, received: UInt64, isReady: Bool, trouble: String? = nil) {
        self.sha256 = sha256
        self.size = size
        self.received = received
        self.isReady = isReady
        self.trouble = trouble
    }
}
