/// `POST /v1/instances/{name}/lower-tier`: lets an instance speak with a software key, because its TPM does not serve any more.
public struct LowerTierOrder: Hashable, Sendable, Codable {
    /// The exact bytes of the ``KeyRequest`` that the device has made.
    public var request: Blob
    /// For how many days, 1 to 31.
    public var days: Int
    /// Why, for the ledger.
    public var reason: Remark

    /// The most bytes of the message: a key request in base64, and the rest.
    public static let maximumSize = 16 << 10
    /// A month: by then the board is swapped, or somebody looks at it again.
    public static let maximumDays = 31

    /// Joins the parts; `nil` when the days are out of bounds or the reason is no `Remark`.
    public init?(request: Blob, days: Int, reason: String) {
        guard let reason = Remark(reason) else { return nil }
        self.request = request
        self.days = days
        self.reason = reason
        guard isSound else { return nil }
    }

    private var isSound: Bool { (1...Self.maximumDays).contains(days) }

    /// Reads the message.
    public init(parsing bytes: some Sequence<UInt8>) throws(MessageError) {
        self = try CanonicalJSON.decode(LowerTierOrder.self, from: bytes, limit: Self.maximumSize)
        guard isSound else {
            throw MessageError(.outOfRange, "a tier is lowered for 1 to \(Self.maximumDays) days")
        }
    }
}

/// The answer, and the file that a device takes over: for whom its software key speaks now.
///
/// Nobody signs it, because it gives nothing: what the key may say, the verifier judges.
public struct LoweredTierFile: Hashable, Sendable, Codable {
    /// The format; 1 is the only one.
    public var formatVersion: Int
    /// The instance.
    public var instance: InstanceID
    /// Its serial number.
    public var serial: Label
    /// The key that speaks first.
    public var key: SoftwareKey
    /// What the instance was born with.
    public var bornWith: BornWith
    /// What it runs, as the verifier has it on record.
    public var running: RunningPackage
    /// The security version below which it is granted nothing.
    public var securityFloor: UInt64
    /// Who lets it, until when and why.
    public var lowered: LoweredMark

    /// The most bytes of the file.
    public static let maximumSize = 8192

    /// Joins the parts.
    public init(
        instance: InstanceID,
        serial: Label,
        key: SoftwareKey,
        bornWith: BornWith,
        running: RunningPackage,
        securityFloor: UInt64,
        lowered: LoweredMark
    ) {
        formatVersion = 1
        self.instance = instance
        self.serial = serial
        self.key = key
        self.bornWith = bornWith
        self.running = running
        self.securityFloor = securityFloor
        self.lowered = lowered
    }

    /// Reads the file.
    public init(parsing bytes: some Sequence<UInt8>) throws(MessageError) {
        self = try CanonicalJSON.decode(LoweredTierFile.self, from: bytes, limit: Self.maximumSize)
        guard formatVersion == 1 else {
            throw MessageError(.outOfRange, "lowered tier format \(formatVersion) is not known here")
        }
    }
}
