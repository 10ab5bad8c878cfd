/// A file that lets evidence be made without a network: what a quote has to carry so that it is known to be no older than this.
///
/// Either an epoch (RFC 9334 section 10.3), which is the same for all devices, or a challenge that was given to one device beforehand.
public struct Freshness: Hashable, Sendable, Codable {
    /// The format; 1 is the only one.
    public var formatVersion: Int
    /// The epoch or the challenge; opaque to whoever uses it.
    public var challenge: String
    /// Seconds since 1970 after which evidence that carries it comes too late.
    public var expires: Int64
    /// Whose challenge it is; absent for an epoch.
    public var instance: InstanceID?
    /// The PCR whose IMA list has to come along; absent for an epoch, and when none has to.
    public var imaPCR: Int?

    /// The most bytes of the file.
    public static let maximumSize = 2048

    /// Joins the parts.
    public init(challenge: String, expires: Int64, instance: InstanceID? = nil, imaPCR: Int? = nil) {
        formatVersion = 1
        self.challenge = challenge
        self.expires = expires
        self.instance = instance
        self.imaPCR = imaPCR
    }

    /// Reads the file.
    public init(parsing bytes: some Sequence<UInt8>) throws(MessageError) {
        self = try CanonicalJSON.decode(Freshness.self, from: bytes, limit: Self.maximumSize)
        guard formatVersion == 1 else {
            throw MessageError(.outOfRange, "freshness file format \(formatVersion) is not known here")
        }
    }
}
