/// What a station says of one bundle as a whole, signed in an envelope by its key: which one it is, and all that is in it.
///
/// The SHA-256 of its bytes names the bundle: with it everything in the bundle is named.
public struct BundleList: Hashable, Sendable, Codable {
    /// The format; 1 is the only one.
    public var formatVersion: Int
    /// The station.
    public var station: Label
    /// The bundle's place in the station's sequence: 1 for its first, and one more for each that follows.
    public var number: Int64
    /// When it was made, in seconds since 1970.
    public var exportedAt: Int64
    /// SHA-256 of each birth's envelope in canonical JSON, in the bundle's order.
    public var births: [ContentDigest]
    /// SHA-256 of each event log, ascending.
    public var logs: [ContentDigest]
    /// SHA-256 of each restoration's envelope in canonical JSON, in the bundle's order; absent when there are none.
    public var restorations: [ContentDigest]?

    /// DSSE payload type.
    public static let payloadType = "application/vnd.birthmark.birth-bundle.v1+json"
    /// The most bytes of a payload: two thousand digests of 67 bytes, and the rest.
    public static let maximumSize = 256 << 10
    /// A bundle a second for thirty years.
    public static let maximumNumber: Int64 = 1_000_000_000

    /// Joins the parts.
    init(
        station: Label,
        number: Int64,
        exportedAt: Int64,
        births: [ContentDigest],
        logs: [ContentDigest],
        restorations: [ContentDigest] = []
    ) {
        self.formatVersion = 1
        self.station = station
        self.number = number
        self.exportedAt = exportedAt
        self.births = births
        self.logs = logs
        self.restorations = restorations.isEmpty ? nil : restorations
    }

    /// Reads a payload whose signature was checked.
    public init(parsing bytes: [UInt8]) throws(MessageError) {
        self = try CanonicalJSON.decode(BundleList.self, from: bytes, limit: Self.maximumSize)
        guard formatVersion == 1 else {
            throw MessageError(.outOfRange, "bundle list format \(formatVersion) is not known here")
        }
        guard (1...Self.maximumNumber).contains(number) else {
            throw MessageError(.outOfRange, "a bundle's number is 1 to \(Self.maximumNumber), not \(number)")
        }
        let statements = births + (restorations ?? [])
        guard (1...BirthBundle.maximumBirths).contains(statements.count), Set(statements).count == statements.count,
            restorations != []
        else {
            throw MessageError(
                .outOfRange,
                """
                a bundle has 1 to \(BirthBundle.maximumBirths) births and restorations, each once; this one names \(statements.count)
                """
            )
        }
        guard logs.count <= BirthBundle.maximumBirths, zip(logs, logs.dropFirst()).allSatisfy({ $0 < $1 }) else {
            throw MessageError(.outOfRange, "a bundle's list names each log once, in ascending order")
        }
    }

    /// The list in an envelope.
    public func signed(by signer: StatementSigner) throws(MessageError) -> SignedEnvelope {
        let payload = try CanonicalJSON.encode(self)
        // As a verifier will read it: what it would refuse must not leave the line.
        _ = try BundleList(parsing: payload)
        return try SignedEnvelope(payload: payload, payloadType: Self.payloadType, signers: [signer])
    }
}
