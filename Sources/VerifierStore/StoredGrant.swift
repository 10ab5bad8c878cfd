public import Messages

/// A grant as it was given.
public struct StoredGrant: Hashable, Sendable {
    /// Its `jti`.
    public var jti: String
    /// The JWS in compact form.
    public var compact: String
    /// The key that signed it, by its RFC 7638 thumbprint.
    public var kid: String
    /// The first second at which it is no longer good, since 1970.
    public var expires: Int64
    /// The release that it is for.
    public var manifest: ContentDigest
    /// How the instance proved itself for it.
    public var tier: Tier

    /// Joins the parts.
    public init(jti: String, compact: String, kid: String, expires: Int64, manifest: ContentDigest, tier: Tier) {
        self.jti = jti
        self.compact = compact
        self.kid = kid
        self.expires = expires
        self.manifest = manifest
        self.tier = tier
    }
}

/// A grant as it was given.
public struct GivenGrant: Hashable, Sendable {
    /// The JWS in compact form.
    public var compact: String
    /// The number of its entry; `nil` for grants that were given before that was kept.
    public var entry: Int?

    /// Joins both.
    public init(compact: String, entry: Int?) {
        self.compact = compact
        self.entry = entry
    }
}
