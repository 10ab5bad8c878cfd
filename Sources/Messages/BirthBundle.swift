/// Births as they leave the line: signed records, the event logs they name so that the verifier holds them from the start, and the
/// station's word that these are all of them.
public struct BirthBundle: Hashable, Sendable, Codable {
    /// The format; 2 is the only one: bundles of format 1 had no manifest.
    public var formatVersion: Int
    /// The `BundleManifest`, signed by the station.
    public var manifest: SignedEnvelope
    /// One envelope a birth, in the manifest's order.
    public var births: [SignedEnvelope]
    /// Event logs, each once, in the manifest's order.
    public var logs: [Blob]

    /// The most births of one bundle; a larger batch is several bundles.
    public static let maximumBirths = 1000
    /// The most bytes of a bundle.
    public static let maximumSize = 64 << 20

    /// Joins the parts of a bundle whose manifest was signed before.
    public init(manifest: SignedEnvelope, births: [SignedEnvelope], logs: [Blob]) {
        self.formatVersion = 2
        self.manifest = manifest
        self.births = births
        self.logs = logs
    }

    /// Makes a bundle, and has the station sign what is in it.
    /// - Parameters:
    ///   - number: the bundle's place in the station's sequence.
    ///   - date: seconds since 1970.
    public init(
        births: [SignedEnvelope],
        logs: [Blob],
        station: Label,
        number: Int64,
        at date: Int64,
        signer: StatementSigner
    ) throws(MessageError) {
        let logs = logs.map { (digest: ContentDigest(of: $0.bytes), log: $0) }.sorted { $0.digest < $1.digest }
        var digests: [ContentDigest] = []
        for birth in births { digests.append(try birth.digest) }
        let manifest = BundleManifest(
            station: station,
            number: number,
            exportedAt: date,
            births: digests,
            logs: logs.map(\.digest)
        )
        self.init(manifest: try manifest.signed(by: signer), births: births, logs: logs.map(\.log))
    }

    /// Reads a bundle; nothing in it is trusted before its manifest and each envelope are checked.
    public init(parsing bytes: some Sequence<UInt8>) throws(MessageError) {
        self = try CanonicalJSON.decode(BirthBundle.self, from: bytes, limit: Self.maximumSize)
        guard formatVersion == 2 else {
            throw MessageError(.outOfRange, "birth bundle format \(formatVersion) is not known here")
        }
        guard births.count <= Self.maximumBirths, logs.count <= Self.maximumBirths else {
            throw MessageError(
                .tooLarge,
                "\(births.count) births and \(logs.count) logs, at most \(Self.maximumBirths) are accepted in one bundle"
            )
        }
    }
}
