/// The factory's statement about one instance without a TPM, signed in an envelope by a station's key.
public struct CompensatedBirthRecord: Hashable, Sendable, Codable {
    /// The format; 1 is the only one.
    public var formatVersion: Int
    /// The instance: derived from its first key, and held to it when the record is read.
    public var instance: InstanceID
    /// The serial number.
    public var serial: Label
    /// The model.
    public var model: Label
    /// The hardware revision.
    public var hardwareRevision: Label
    /// Where it may run (for example `production`, `lab`): from the record, never from a request.
    public var environment: Label
    /// Always `compensated`.
    public var tier: Tier
    /// The provisioning profile it was born by.
    public var profile: Label
    /// When, in seconds since 1970.
    public var bornAt: Int64
    /// The station that signed.
    public var station: Label
    /// The instance that had the serial number before, when its board was swapped; a verifier retires it.
    public var replaces: Replacement?
    /// The package it was born with.
    public var bornWith: BornWith
    /// The first key of its ratchet.
    public var key: SoftwareKey
    /// Where that key was made.
    public var keyOrigin: KeyOrigin
    /// What its hardware was said to be.
    public var claims: HardwareClaims

    /// Where a first key was made.
    public enum KeyOrigin: String, Hashable, Sendable, Codable, CaseIterable {
        /// On the device: nobody else ever had it.
        case device
        /// By the station, which gave it to the device: whoever was on the line could have kept it, until the first contact.
        case station
    }

    /// DSSE payload type.
    public static let payloadType = "application/vnd.birthmark.compensated-birth.v1+json"
    /// The most bytes of a payload; a real one has about 1 KB.
    static let maximumSize = 16 << 10

    /// Reads a payload whose signature was checked, and holds its parts to one another.
    public init(parsing bytes: [UInt8]) throws(MessageError) {
        self = try CanonicalJSON.decode(CompensatedBirthRecord.self, from: bytes, limit: Self.maximumSize)
        guard formatVersion == 1 else {
            throw MessageError(.outOfRange, "compensated birth record format \(formatVersion) is not known here")
        }
        guard tier == .compensated else {
            throw MessageError(.outOfRange, "an instance that shows no TPM is of the tier \(Tier.compensated.rawValue)")
        }
        guard instance == InstanceID(firstKey: key) else {
            throw MessageError(.outOfRange, "the instance id does not follow from the first key")
        }
        guard replaces?.instance != instance else {
            throw MessageError(.outOfRange, "an instance cannot replace itself")
        }
    }

    /// Joins the parts of a birth.
    public init(
        serial: Label,
        model: Label,
        hardwareRevision: Label,
        environment: Label,
        profile: Label,
        bornAt: Int64,
        station: Label,
        replaces: Replacement? = nil,
        bornWith: BornWith,
        key: SoftwareKey,
        keyOrigin: KeyOrigin,
        claims: HardwareClaims
    ) {
        self.formatVersion = 1
        self.instance = InstanceID(firstKey: key)
        self.serial = serial
        self.model = model
        self.hardwareRevision = hardwareRevision
        self.environment = environment
        self.tier = .compensated
        self.profile = profile
        self.bornAt = bornAt
        self.station = station
        self.replaces = replaces
        self.bornWith = bornWith
        self.key = key
        self.keyOrigin = keyOrigin
        self.claims = claims
    }
}
