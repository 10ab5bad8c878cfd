/// A station's statement that a serial number's board was taken out: its TPM will never be that device again, and another may.
///
/// Signed in an envelope by the station's key and kept there; what a verifier needs of it travels in the next birth (`Replacement`).
public struct Rework: Hashable, Sendable, Codable {
    /// The format; 1 is the only one.
    public var formatVersion: Int
    /// The station.
    public var station: Label
    /// The serial number.
    public var serial: Label
    /// The instance that is retired.
    public var instance: InstanceID
    /// Under what its TPM's life is known: SHA-256 of the TPMT_PUBLIC of its endorsement key in the first one (``TPMLife``); of a device
    /// without a TPM, SHA-256 of its first key.
    public var endorsementKey: ContentDigest
    /// SHA-256 of its birth record; absent when the board failed before its birth was signed, so that no verifier ever heard of it.
    public var record: ContentDigest?
    /// Why.
    public var reason: Remark
    /// Who swaps the board.
    public var by: Label
    /// When, in seconds since 1970.
    public var at: Int64

    /// DSSE payload type.
    public static let payloadType = "application/vnd.birthmark.rework.v1+json"
    /// The most bytes of a payload; a real one has about 500.
    public static let maximumSize = 4096

    /// Joins the parts.
    public init(
        station: Label,
        serial: Label,
        instance: InstanceID,
        endorsementKey: ContentDigest,
        record: ContentDigest?,
        reason: Remark,
        by: Label,
        at: Int64
    ) {
        self.formatVersion = 1
        self.station = station
        self.serial = serial
        self.instance = instance
        self.endorsementKey = endorsementKey
        self.record = record
        self.reason = reason
        self.by = by
        self.at = at
    }

    /// Reads a payload whose signature was checked.
    public init(parsing bytes: [UInt8]) throws(MessageError) {
        self = try CanonicalJSON.decode(Rework.self, from: bytes, limit: Self.maximumSize)
        guard formatVersion == 1 else {
            throw MessageError(.outOfRange, "rework format \(formatVersion) is not known here")
        }
    }
}

/// What a birth under a known serial number says of the one before it.
public struct Replacement: Hashable, Sendable, Codable {
    /// The instance whose board was taken out.
    public var instance: InstanceID
    /// Why.
    public var reason: Remark
    /// Who swapped the board.
    public var by: Label

    /// Joins the parts.
    public init(instance: InstanceID, reason: Remark, by: Label) {
        self.instance = instance
        self.reason = reason
        self.by = by
    }
}
