/// Why an operator does something; it stands on the ledger beside the operator's name.
public struct OperatorReason: Hashable, Sendable, Codable {
    /// The reason, for people.
    public var reason: String

    /// The most bytes of the message.
    public static let maximumSize = 4096

    /// States a reason; `nil` when it is no `Remark`.
    public init?(_ reason: String) {
        guard Remark(reason) != nil else { return nil }
        self.reason = reason
    }

    /// Reads the message.
    public init(parsing bytes: some Sequence<UInt8>) throws(MessageError) {
        self = try CanonicalJSON.decode(OperatorReason.self, from: bytes, limit: Self.maximumSize)
        guard Remark(reason) != nil else {
            throw MessageError(
                .outOfRange,
                "a reason is one line of 1 to \(Remark.maximumSize) bytes, without control characters"
            )
        }
    }
}

/// The answer to `POST /v1/births`: what became of each birth of the bundle, in its order.
public struct BirthsAnswer: Hashable, Sendable, Codable {
    /// The station that made the bundle.
    public var station: Label
    /// The bundle's place in the station's sequence.
    public var bundle: Int64
    /// One outcome a birth.
    public var births: [BirthOutcome]
    /// One outcome a restoration.
    public var restorations: [BirthOutcome]
    /// Numbers of the station's sequence that have not arrived, as far as this bundle and those before it tell.
    public var missing: [NumberRange]

    /// The most bytes accepted.
    public static let maximumSize = 1 << 20

    /// Joins the parts.
    public init(
        station: Label,
        bundle: Int64,
        births: [BirthOutcome],
        restorations: [BirthOutcome],
        missing: [NumberRange]
    ) {
        self.station = station
        self.bundle = bundle
        self.births = births
        self.restorations = restorations
        self.missing = missing
    }
}

/// What became of one birth, or one restoration.
public struct BirthOutcome: Hashable, Sendable, Codable {
    /// The cases.
    public enum Outcome: String, Hashable, Sendable, Codable {
        /// It is on record now.
        case imported
        /// It was on record already, the same bytes.
        case known
        /// It contradicts what is on record, or builds on what is not.
        case refused
    }

    /// What became of it.
    public var outcome: Outcome
    /// The instance, when the record could be read.
    public var instance: InstanceID?
    /// The serial number, when the record could be read.
    public var serial: Label?
    /// Why it was refused, for the operator.
    public var detail: String?

    /// Joins the parts.
    public init(_ outcome: Outcome, instance: InstanceID? = nil, serial: Label? = nil, detail: String? = nil) {
        self.outcome = outcome
        self.instance = instance
        self.serial = serial
        self.detail = detail
    }
}

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
