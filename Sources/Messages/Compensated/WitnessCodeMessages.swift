/// `POST /v1/instances/{name}/witness`: makes a code that somebody is told who stands at the device.
public struct WitnessCodeOrder: Hashable, Sendable, Codable {
    /// The release: SHA-256 of its signed payload.
    public var release: ContentDigest
    /// For how many minutes it is good, 1 to 60.
    public var minutes: Int
    /// Why, for the ledger.
    public var reason: Remark

    /// The most bytes of the message.
    public static let maximumSize = 4096
    /// Long enough to walk to a device; who is there later is told another.
    public static let maximumMinutes = 60

    /// Joins the parts; `nil` when the minutes are out of bounds or the reason is no `Remark`.
    public init?(release: ContentDigest, minutes: Int, reason: String) {
        guard let reason = Remark(reason) else { return nil }
        self.release = release
        self.minutes = minutes
        self.reason = reason
        guard isSound else { return nil }
    }

    private var isSound: Bool { (1...Self.maximumMinutes).contains(minutes) }

    /// Reads the message.
    public init(parsing bytes: some Sequence<UInt8>) throws(MessageError) {
        self = try CanonicalJSON.decode(WitnessCodeOrder.self, from: bytes, limit: Self.maximumSize)
        guard isSound else {
            throw MessageError(.outOfRange, "a code is good for 1 to \(Self.maximumMinutes) minutes")
        }
    }
}

/// The answer: the code, which nobody can be told again.
public struct WitnessCodeAnswer: Hashable, Sendable, Codable {
    /// The code.
    public var code: WitnessCode
    /// The instance at which it is typed.
    public var instance: InstanceID
    /// The release that it is for.
    public var release: ContentDigest
    /// The first second, since 1970, at which it is good no more.
    public var until: Int64
    /// SHA-256 of its ledger entry, which does not have the code.
    public var entry: ContentDigest

    /// The most bytes accepted.
    public static let maximumSize = 4096

    /// Joins the parts.
    public init(code: WitnessCode, instance: InstanceID, release: ContentDigest, until: Int64, entry: ContentDigest) {
        self.code = code
        self.instance = instance
        self.release = release
        self.until = until
        self.entry = entry
    }
}
