/// Births as they leave the line: signed records, and the event logs they name so that the verifier holds them from the start.
public struct BirthBundle: Hashable, Sendable, Codable {
    /// The format; 1 is the only one.
    public var formatVersion: Int
    /// One envelope a birth.
    public var births: [SignedEnvelope]
    /// Event logs, each once.
    public var logs: [Blob]

    /// The most births of one bundle; a larger batch is several bundles.
    public static let maximumBirths = 1000
    /// The most bytes of a bundle.
    public static let maximumSize = 64 << 20

    /// Makes a bundle.
    public init(births: [SignedEnvelope], logs: [Blob]) {
        self.formatVersion = 1
        self.births = births
        self.logs = logs
    }

    /// Reads a bundle; nothing in it is trusted before each envelope is checked.
    public init(parsing bytes: some Sequence<UInt8>) throws(MessageError) {
        self = try CanonicalJSON.decode(BirthBundle.self, from: bytes, limit: Self.maximumSize)
        guard formatVersion == 1 else {
            throw MessageError(.outOfRange, "birth bundle format \(formatVersion) is not known here")
        }
        guard births.count <= Self.maximumBirths, logs.count <= Self.maximumBirths else {
            throw MessageError(
                .tooLarge,
                "\(births.count) births, at most \(Self.maximumBirths) are accepted in one bundle"
            )
        }
    }
}
