public import Messages

/// A release by its manifest, and how it stood.
public struct StandingRelease: Hashable, Sendable, Codable {
    /// SHA-256 of the signed payload.
    public var manifest: ContentDigest
    /// How it stood.
    public var standing: ReleaseStanding

    /// Joins both.
    public init(manifest: ContentDigest, standing: ReleaseStanding) {
        self.manifest = manifest
        self.standing = standing
    }
}

extension [StandingRelease] {
    /// The standings in the order of the manifests.
    init(of standings: ReleaseStandings) {
        self = standings.map { StandingRelease(manifest: $0.key, standing: $0.value) }
            .sorted { $0.manifest < $1.manifest }
    }

    /// The standings by the manifests; of two about one release the first counts.
    public var standings: ReleaseStandings {
        ReleaseStandings(map { ($0.manifest, $0.standing) }, uniquingKeysWith: { first, _ in first })
    }
}

/// A part of the list of what Linux measured, as it came beside a quote.
public struct ArchivedList: Hashable, Sendable, Codable {
    /// Where it begins in the list, in bytes.
    public var offset: UInt64
    /// SHA-256 of its bytes.
    public var digest: ContentDigest
}

/// A gateway's word as it was taken then.
public struct ArchivedVouch: Hashable, Sendable, Codable {
    /// The gateway.
    public var gateway: InstanceID
    /// SHA-256 of the entry that states the decision on the gateway's own evidence.
    public var entry: ContentDigest
    /// What it said.
    public var statement: VouchStatement
    /// The end of the gateway's lease.
    public var until: Int64

    /// Puts it down.
    init(_ vouch: Vouch) {
        gateway = vouch.gateway
        entry = vouch.entry
        statement = vouch.statement
        until = vouch.until
    }
}

extension FreshIdentifiers: Codable {
    private enum CodingKeys: String, CodingKey {
        case grant, lease
    }

    /// Reads both names, which stand for 32 bytes and no others.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let grant = try container.decode(String.self, forKey: .grant)
        let lease = try container.decode(Label.self, forKey: .lease)
        guard let first = Base64URL.decode(grant), let second = LowercaseHex.decode(lease.text),
            let drawn = FreshIdentifiers(random: first + second), drawn.grant == grant, drawn.lease == lease
        else {
            throw DecodingError.dataCorruptedError(
                forKey: .grant,
                in: container,
                debugDescription: "not the names of a grant and a lease"
            )
        }
        self = drawn
    }

    /// Writes both names.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(grant, forKey: .grant)
        try container.encode(lease, forKey: .lease)
    }
}

extension CarriedFreshness: Codable {
    private enum Kind: String, Codable {
        case epoch, challenge, grant
    }

    private enum CodingKeys: String, CodingKey {
        case kind, from
    }

    /// Reads the JSON form.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        switch try container.decode(Kind.self, forKey: .kind) {
        case .epoch: self = .epoch(from: try container.decode(Int64.self, forKey: .from))
        case .challenge: self = .challenge(from: try container.decode(Int64.self, forKey: .from))
        case .grant: self = .grant
        }
    }

    /// Writes the JSON form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .epoch(let from):
            try container.encode(Kind.epoch, forKey: .kind)
            try container.encode(from, forKey: .from)
        case .challenge(let from):
            try container.encode(Kind.challenge, forKey: .kind)
            try container.encode(from, forKey: .from)
        case .grant: try container.encode(Kind.grant, forKey: .kind)
        }
    }
}
