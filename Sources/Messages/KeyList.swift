/// The answer to `GET /v1/keys`: every key that a verifier knows, and how it stands.
public struct KeyList: Hashable, Sendable, Codable {
    /// By kind, those first that count now.
    public var keys: [KnownKey]

    /// The most bytes accepted: the keys of a few hundred stations, and of as many versions of the trust bundle.
    public static let maximumSize = 4 << 20

    /// Joins the keys.
    public init(keys: [KnownKey]) { self.keys = keys }
}

/// A key that a verifier knows.
public struct KnownKey: Hashable, Sendable, Codable {
    /// What it is for: its kind.
    public var role: KnownKeyKind
    /// Its whole name, as ``KeyKind`` names keys; of a factory's CA the SHA-256 of its certificate.
    public var id: String
    /// What people call it, where they call it something: a station's or a witness's name, the subject of a CA.
    public var name: String?
    /// How it stands.
    public var standing: Standing
    /// Present, and true, when it was reported compromised: then it counts for nothing, whatever else is said of it.
    public var compromised: Bool?

    /// How a key stands.
    public enum Standing: String, Hashable, Sendable, Codable, CaseIterable {
        /// The verifier signs with it, or takes its word, now.
        case inUse = "in-use"
        /// Devices believe it, by the published trust bundle, and nothing is signed with it now; of a station, its time is to come.
        case named
        /// A bundle that was published before named it, and it counts no more; of a station or a CA, its time is over.
        case former
    }

    /// Joins the parts.
    public init(_ role: KnownKeyKind, _ id: String, name: String? = nil, _ standing: Standing) {
        self.role = role
        self.id = id
        self.name = name
        self.standing = standing
    }
}

/// What a key that a verifier knows is for: the kinds that can be reported compromised, and the factories' CAs.
public enum KnownKeyKind: String, Hashable, Sendable, Codable, CaseIterable {
    case grant
    case results
    case ledger
    case witness
    case release
    case trust
    case station
    case factoryCA = "factory-ca"

    /// The same of a kind of keys that can be reported.
    public init(_ kind: KeyKind) {
        self =
            switch kind {
            case .grant: .grant
            case .results: .results
            case .ledger: .ledger
            case .witness: .witness
            case .release: .release
            case .station: .station
            case .trust: .trust
            }
    }
}
