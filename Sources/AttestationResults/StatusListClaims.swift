public import Messages

/// The claims of a Status List Token (draft-ietf-oauth-status-list, Status List Token in JWT Format).
///
/// Extensions that a token carries are not kept: nothing here may depend on them.
public struct StatusListClaims: Hashable, Sendable {
    /// The list's address, as the tokens name it whose statuses it has.
    public var subject: String
    /// When the statuses were so, in seconds since 1970.
    public var issuedAt: Int64
    /// The first second at which it must not be relied on any more.
    ///
    /// The draft lets a list do without, and be good for ever: nobody here relies on one.
    public var expires: Int64
    /// For how many seconds it may be kept before a newer one is to be asked for; `nil` when it does not say.
    public var timeToLive: Int64?
    /// How many bits a status has.
    public var bits: Int
    /// The statuses as a ZLIB stream.
    public var compressed: [UInt8]

    /// Where a verifier's list stands below its address.
    public static let path = "/v1/status-lists/1"
    /// For how many seconds our lists are good: so long, at most, may a lease have ended and nobody know.
    ///
    /// Long enough for relying parties that ask every minute and miss some answers.
    public static let lifetime: Int64 = 300
    /// After how many seconds a newer one is worth asking for.
    public static let refreshTime: Int64 = 60
    /// The most bytes of the claims: the longest list, which may be one that cannot be compressed, in base64url.
    public static let maximumSize = (StatusList.maximumSize + 64 << 10) / 3 * 4

    /// Joins the claims.
    public init(
        subject: String,
        issuedAt: Int64,
        expires: Int64,
        timeToLive: Int64?,
        bits: Int,
        compressed: [UInt8]
    ) {
        self.subject = subject
        self.issuedAt = issuedAt
        self.expires = expires
        self.timeToLive = timeToLive
        self.bits = bits
        self.compressed = compressed
    }

    /// Reads claims: any order of members, extensions passed over, everything that is known held to its type.
    /// - Throws: `MessageError` for a missing claim, a number with a fraction, a value out of its range.
    public init(parsing bytes: [UInt8]) throws(MessageError) {
        guard bytes.count <= Self.maximumSize else {
            throw MessageError(
                .tooLarge,
                "\(bytes.count) bytes, a status list's claims have at most \(Self.maximumSize)"
            )
        }
        let claims = ClaimMembers(try JSONTree(parsing: bytes), "the claims")
        let list = ClaimMembers(try claims.required("status_list").tree, "status_list")
        guard let compressed = Base64URL.decode(try list.required("lst").text()) else {
            throw MessageError(.malformed, "\"lst\" is not base64url")
        }
        guard let bits = Int(exactly: try list.required("bits").integer()), StatusList.widths.contains(bits) else {
            throw MessageError(.outOfRange, "\"bits\" is none of 1, 2, 4 and 8")
        }
        self.init(
            subject: try claims.required("sub").text(),
            issuedAt: try claims.required("iat").integer(),
            expires: try claims.required("exp").integer(),
            timeToLive: try claims.optional("ttl")?.integer(),
            bits: bits,
            compressed: compressed
        )
        guard (1...StatusListReference.maximumURISize).contains(subject.utf8.count) else {
            throw MessageError(.outOfRange, "\"sub\" is empty, or longer than any address")
        }
        guard expires > issuedAt else { throw MessageError(.outOfRange, "\"exp\" is not after \"iat\"") }
        guard timeToLive.map({ $0 > 0 }) ?? true else { throw MessageError(.outOfRange, "\"ttl\" is not positive") }
    }
}

extension StatusListClaims: Encodable {
    private enum CodingKeys: String, CodingKey {
        case subject = "sub"
        case issuedAt = "iat"
        case expires = "exp"
        case timeToLive = "ttl"
        case list = "status_list"
    }

    private struct Encoded: Encodable {
        var bits: Int
        var lst: String
    }

    /// Writes the claims.
    public func encode(to encoder: any Encoder) throws {
        var claims = encoder.container(keyedBy: CodingKeys.self)
        try claims.encode(subject, forKey: .subject)
        try claims.encode(issuedAt, forKey: .issuedAt)
        try claims.encode(expires, forKey: .expires)
        try claims.encodeIfPresent(timeToLive, forKey: .timeToLive)
        try claims.encode(Encoded(bits: bits, lst: Base64URL.encode(compressed)), forKey: .list)
    }
}
