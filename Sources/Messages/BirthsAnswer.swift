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
