public import Messages

/// A trust bundle that was published.
public struct StoredTrust: Hashable, Sendable {
    /// Its version.
    public var version: Int64
    /// SHA-256 of the bundle's exact bytes.
    public var digest: ContentDigest
    /// The signed envelope's exact bytes.
    public var envelope: [UInt8]
    /// When it was published, in seconds since 1970, and by whom.
    public var publishedAt: Int64
    public var publishedBy: Label

    /// Joins the parts.
    public init(
        version: Int64,
        digest: ContentDigest,
        envelope: [UInt8],
        publishedAt: Int64,
        publishedBy: Label
    ) {
        self.version = version
        self.digest = digest
        self.envelope = envelope
        self.publishedAt = publishedAt
        self.publishedBy = publishedBy
    }
}

/// A policy that came into force.
public struct StoredPolicy: Hashable, Sendable {
    /// SHA-256 of the file.
    public var digest: ContentDigest
    /// The file's exact bytes.
    public var bytes: [UInt8]

    /// Takes a file.
    public init(_ bytes: [UInt8]) {
        digest = ContentDigest(of: bytes)
        self.bytes = bytes
    }
}

/// An event log under the name of its content.
public struct StoredLog: Hashable, Sendable {
    /// SHA-256 of the log.
    public var digest: ContentDigest
    /// The log.
    public var bytes: [UInt8]

    /// Takes a log.
    public init(_ bytes: [UInt8]) {
        digest = ContentDigest(of: bytes)
        self.bytes = bytes
    }
}
