/// A station's statement that a TPM which was cleared holds the same identity again, with counters that began anew.
///
/// TPM2_Clear takes what the owner defined in NV. Keys and certificates come back as they were; a counter does not: it
/// begins above every value that the TPM has counted to. So its base is another one, chosen by the floor
/// that the verifier has on record. A verifier holds the statement to that floor; whoever has not seen it knows the old
/// bases only, with which the floor reads higher, never lower. The statement travels in a `BirthBundle`.
public struct Restoration: Hashable, Sendable, Codable {
    /// The format; 1 is the only one.
    public var formatVersion: Int
    /// The instance, which is the same.
    public var instance: InstanceID
    /// Its serial number.
    public var serial: Label
    /// The signed birth record, by the digest of its payload.
    public var birth: ContentDigest
    /// How often this instance was restored, this time included.
    public var number: UInt32
    /// The station that signed.
    public var station: Label
    /// When, in seconds since 1970.
    public var restoredAt: Int64
    /// The security floor that the counter stands for now: what the station was told that the verifier has on record.
    public var securityFloor: UInt64
    /// The counters, with their new bases.
    public var counters: BornCounters

    /// DSSE payload type.
    public static let payloadType = "application/vnd.birthmark.restoration.v1+json"
    /// The most bytes of a payload; a real one has about 600.
    public static let maximumSize = 4 << 10

    /// Joins the parts.
    public init(
        instance: InstanceID,
        serial: Label,
        birth: ContentDigest,
        number: UInt32,
        station: Label,
        restoredAt: Int64,
        securityFloor: UInt64,
        counters: BornCounters
    ) {
        self.formatVersion = 1
        self.instance = instance
        self.serial = serial
        self.birth = birth
        self.number = number
        self.station = station
        self.restoredAt = restoredAt
        self.securityFloor = securityFloor
        self.counters = counters
    }

    /// Reads a payload whose signature was checked.
    public init(parsing bytes: [UInt8]) throws(MessageError) {
        self = try CanonicalJSON.decode(Restoration.self, from: bytes, limit: Self.maximumSize)
        guard formatVersion == 1, number > 0 else {
            throw MessageError(.outOfRange, "not a restoration of format 1")
        }
        guard counters.securityFloor.index != counters.grants.index else {
            throw MessageError(.outOfRange, "both counters are at one NV index")
        }
    }
}
