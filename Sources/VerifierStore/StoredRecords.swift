public import Ledger
public import Messages
public import UpdateTrust

/// A birth as it was imported.
public struct StoredBirth: Hashable, Sendable {
    /// The signed envelope's exact bytes.
    public var envelope: [UInt8]
    /// The birth record's exact bytes, out of the envelope.
    public var payload: [UInt8]
    /// When it was imported, in seconds since 1970.
    public var importedAt: Int64

    /// Joins the parts.
    public init(envelope: [UInt8], payload: [UInt8], importedAt: Int64) {
        self.envelope = envelope
        self.payload = payload
        self.importedAt = importedAt
    }
}

/// What a station signed when it restored an instance.
public struct StoredRestoration: Hashable, Sendable {
    /// The instance.
    public var instance: InstanceID
    /// How often it was restored, this time included.
    public var number: UInt32
    /// SHA-256 of the statement's bytes.
    public var statement: ContentDigest
    /// The signed envelope's exact bytes.
    public var envelope: [UInt8]
    /// When it was imported, in seconds since 1970.
    public var importedAt: Int64

    /// Joins the parts.
    public init(
        instance: InstanceID,
        number: UInt32,
        statement: ContentDigest,
        envelope: [UInt8],
        importedAt: Int64
    ) {
        self.instance = instance
        self.number = number
        self.statement = statement
        self.envelope = envelope
        self.importedAt = importedAt
    }
}

/// A bundle of births that came from a station.
public struct StoredBundle: Hashable, Sendable {
    /// The station.
    public var station: Label
    /// Its place in the station's sequence.
    public var number: Int64
    /// SHA-256 of its list, which names everything in it.
    public var digest: ContentDigest
    /// When it came, in seconds since 1970.
    public var importedAt: Int64

    /// Joins the parts.
    public init(station: Label, number: Int64, digest: ContentDigest, importedAt: Int64) {
        self.station = station
        self.number = number
        self.digest = digest
        self.importedAt = importedAt
    }
}

/// What came of one station's sequence.
public struct StoredSequence: Hashable, Sendable {
    /// The station.
    public var station: Label
    /// How many bundles were taken over.
    public var bundles: Int64
    /// The highest number among those that came.
    public var latest: Int64
    /// The numbers below it that did not come, ascending; at most `StationReport.maximumGaps` ranges.
    public var missing: [NumberRange]
    /// Bundles whose take-over began and did not end, ascending; at most `StationReport.maximumGaps`.
    public var unfinished: [Int64]

    /// Joins the parts.
    public init(station: Label, bundles: Int64, latest: Int64, missing: [NumberRange], unfinished: [Int64]) {
        self.station = station
        self.bundles = bundles
        self.latest = latest
        self.missing = missing
        self.unfinished = unfinished
    }
}

/// An instance: what it was born as, and where it stands.
public struct StoredInstance: Hashable, Sendable {
    /// The birth record's exact bytes.
    public var birth: [UInt8]
    /// The state.
    public var state: InstanceState

    /// Joins both.
    public init(birth: [UInt8], state: InstanceState) {
        self.birth = birth
        self.state = state
    }
}

/// How an instance stands, as the status list needs it.
public struct StoredStanding: Hashable, Sendable {
    /// The instance.
    public var instance: InstanceID
    /// Its place on the list.
    public var index: Int
    /// How it stands.
    public var standing: InstanceStanding

    /// Joins the parts.
    public init(instance: InstanceID, index: Int, standing: InstanceStanding) {
        self.instance = instance
        self.index = index
        self.standing = standing
    }
}

/// What one decision is taken on.
public struct DecisionSnapshot: Hashable, Sendable {
    /// The instance's state.
    public var state: InstanceState
    /// How the releases stand that the state names, and the one that was asked about; one that is not on record is not in it.
    public var standings: ReleaseStandings
    /// The rollout of the release that was asked about; `nil` when it has none.
    public var rollout: Rollout?

    /// Joins the parts.
    public init(state: InstanceState, standings: ReleaseStandings, rollout: Rollout? = nil) {
        self.state = state
        self.standings = standings
        self.rollout = rollout
    }
}

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

/// The end of the ledger.
public struct LedgerHead: Hashable, Sendable {
    /// The number of entries.
    public var size: Int
    /// The signed checkpoint over them, as it is served; `nil` while there are no entries.
    public var checkpoint: [UInt8]?

    /// Joins both.
    public init(size: Int, checkpoint: [UInt8]?) {
        self.size = size
        self.checkpoint = checkpoint
    }
}

/// An entry of the ledger, and where it stands.
public struct NumberedEntry: Hashable, Sendable {
    /// Its place, from 0.
    public var index: Int
    /// The entry.
    public var entry: LogEntry

    /// Joins both.
    public init(index: Int, entry: LogEntry) {
        self.index = index
        self.entry = entry
    }
}
