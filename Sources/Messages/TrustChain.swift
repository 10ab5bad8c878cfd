/// Signed trust bundles, each of which follows the one before: how a device without a network is led to the newest.
///
/// A file; nothing in it is believed before each step is judged.
public struct TrustChain: Hashable, Sendable, Codable {
    /// The format; 1 is the only one.
    public var formatVersion: Int
    /// The envelopes, in the order of their versions.
    public var successors: [SignedEnvelope]

    /// The most bytes of the file: hundreds of usual bundles, which have some 4 KB.
    public static let maximumSize = 4 << 20
    /// The most envelopes.
    public static let maximumCount = 256
    /// The most bytes of one envelope: a bundle in base64, and the signatures.
    public static let maximumEnvelopeSize = 256 << 10

    /// Joins envelopes.
    public init(_ successors: [SignedEnvelope]) {
        formatVersion = 1
        self.successors = successors
    }

    /// Reads the file.
    public init(parsing bytes: some Sequence<UInt8>) throws(MessageError) {
        self = try CanonicalJSON.decode(TrustChain.self, from: bytes, limit: Self.maximumSize)
        guard formatVersion == 1 else {
            throw MessageError(.outOfRange, "a file of trust bundles of format \(formatVersion) is not known here")
        }
        guard successors.count <= Self.maximumCount else {
            throw MessageError(
                .tooLarge,
                "\(successors.count) trust bundles, at most \(Self.maximumCount) are read from one file"
            )
        }
        guard successors.allSatisfy({ $0.signatures.count <= SignedEnvelope.maximumSignatures }) else {
            throw MessageError(.tooLarge, "an envelope with more signatures than any has")
        }
    }
}

/// What became of a trust bundle that was published.
public struct TrustReport: Hashable, Sendable, Codable {
    /// Its version.
    public var version: Int64
    /// SHA-256 of its exact bytes.
    public var digest: ContentDigest
    /// The keys that it names and the one before it did not, as `kind:name`.
    public var added: [String]
    /// The keys that the one before it named and it does not.
    public var removed: [String]

    /// The most bytes accepted.
    public static let maximumSize = 128 << 10

    /// Joins the parts.
    public init(version: Int64, digest: ContentDigest, added: [String], removed: [String]) {
        self.version = version
        self.digest = digest
        self.added = added
        self.removed = removed
    }
}
