/// What a gateway says of an instance without a TPM that speaks through it; its quote covers the exact bytes of this.
public struct VouchStatement: Hashable, Sendable, Codable {
    /// The format; 1 is the only one.
    public var version: Int
    /// The instance that spoke.
    public var child: InstanceID
    /// Its evidence, by ``CompensatedEvidence/digest``: the gateway vouches for this one contact and no other.
    public var evidence: ContentDigest
    /// What the gateway saw itself.
    public var observed: ChildObservation

    /// The most bytes of a statement; a real one has about 300.
    public static let maximumSize = 2048

    /// States what was seen.
    public init(child: InstanceID, evidence: ContentDigest, observed: ChildObservation) {
        version = 1
        self.child = child
        self.evidence = evidence
        self.observed = observed
    }

    /// Reads a statement from its exact bytes.
    public init(parsing bytes: [UInt8]) throws(MessageError) {
        self = try CanonicalJSON.decode(VouchStatement.self, from: bytes, limit: Self.maximumSize)
        guard version == 1 else {
            throw MessageError(.outOfRange, "vouch statement version \(version) is not known here")
        }
    }

    /// The exact bytes that the quote's request names by their SHA-256.
    public var bytes: [UInt8] {
        get throws(MessageError) { try CanonicalJSON.encode(self) }
    }
}

/// What a gateway saw of an instance beside what the instance says.
public struct ChildObservation: Hashable, Sendable, Codable {
    /// Where it came in: the gateway's name for a listener or a serial line.
    public var port: Label
    /// The network address that it spoke from; absent on a line.
    public var address: Label?
    /// The link-layer address that belongs to it; absent where there is none, or the gateway cannot know it.
    public var link: Label?
    /// SHA-256 of the installed image as the gateway read it out of the device; absent when it read nothing.
    public var readBack: ContentDigest?

    /// The claim at birth that `link` is held to, when the birth has it.
    public static let linkClaim = "link-address"

    /// Joins the parts.
    public init(port: Label, address: Label? = nil, link: Label? = nil, readBack: ContentDigest? = nil) {
        self.port = port
        self.address = address
        self.link = link
        self.readBack = readBack
    }
}
