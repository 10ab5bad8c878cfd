/// Births as they leave the line: signed records, the event logs they name so that the verifier holds them from the start, what was
/// signed when devices were restored, and the station's word that these are all of them.
public struct BirthBundle: Hashable, Sendable, Codable {
    /// The format; 2 is the only one: bundles of format 1 had no signed list.
    public var formatVersion: Int
    /// The `BundleList`, signed by the station; `manifest` in JSON.
    public var list: SignedEnvelope
    /// One envelope a birth, in the list's order.
    public var births: [SignedEnvelope]
    /// Event logs, each once, in the list's order.
    public var logs: [Blob]
    /// One envelope a `Restoration`, in the list's order; absent when there are none.
    public var restorations: [SignedEnvelope]?

    private enum CodingKeys: String, CodingKey {
        case formatVersion
        case list = "manifest"
        case births, logs, restorations
    }

    /// The most births and restorations of one bundle together; a larger batch is several bundles.
    public static let maximumBirths = 1000
    /// The most bytes of a bundle.
    public static let maximumSize = 64 << 20

    /// Joins the parts of a bundle whose list was signed before.
    public init(
        list: SignedEnvelope,
        births: [SignedEnvelope],
        logs: [Blob],
        restorations: [SignedEnvelope] = []
    ) {
        self.formatVersion = 2
        self.list = list
        self.births = births
        self.logs = logs
        self.restorations = restorations.isEmpty ? nil : restorations
    }

    /// Makes a bundle, and has the station sign what is in it.
    /// - Parameters:
    ///   - number: the bundle's place in the station's sequence.
    ///   - date: seconds since 1970.
    public init(
        births: [SignedEnvelope],
        logs: [Blob],
        restorations: [SignedEnvelope] = [],
        station: Label,
        number: Int64,
        at date: Int64,
        signer: StatementSigner
    ) throws(MessageError) {
        let logs = logs.map { (digest: ContentDigest(of: $0.bytes), log: $0) }.sorted { $0.digest < $1.digest }
        func digests(_ statements: [SignedEnvelope]) throws(MessageError) -> [ContentDigest] {
            try statements.map { statement throws(MessageError) in try statement.digest }
        }
        let list = BundleList(
            station: station,
            number: number,
            exportedAt: date,
            births: try digests(births),
            logs: logs.map(\.digest),
            restorations: try digests(restorations)
        )
        self.init(
            list: try list.signed(by: signer),
            births: births,
            logs: logs.map(\.log),
            restorations: restorations
        )
    }

    /// Reads a bundle; nothing in it is trusted before its list and each envelope are checked.
    public init(parsing bytes: some Sequence<UInt8>) throws(MessageError) {
        self = try CanonicalJSON.decode(BirthBundle.self, from: bytes, limit: Self.maximumSize)
        guard formatVersion == 2 else {
            throw MessageError(.outOfRange, "birth bundle format \(formatVersion) is not known here")
        }
        guard births.count + (restorations?.count ?? 0) <= Self.maximumBirths, logs.count <= Self.maximumBirths else {
            throw MessageError(
                .tooLarge,
                "\(births.count) births and \(logs.count) logs, at most \(Self.maximumBirths) are accepted in one bundle"
            )
        }
        guard restorations != [] else { throw MessageError(.outOfRange, "an empty list of restorations") }
    }
}
