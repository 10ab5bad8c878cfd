/// What a key is for; the same word in commands, bundles' differences and ledger entries.
public enum KeyKind: String, Hashable, Sendable, Codable, CaseIterable {
    /// Signs grants: P-256, named by its RFC 7638 thumbprint.
    case grant
    /// Signs results, status lists and commitments: P-256, named by its RFC 7638 thumbprint.
    case results
    /// Signs the ledger's checkpoints: Ed25519, named by its C2SP key id.
    case ledger
    /// Cosigns the ledger's checkpoints: named by its C2SP name and key id.
    case witness
    /// Signs releases: named by `StatementKey.id`.
    case release
    /// Signs births at a station: named by `StatementKey.id`.
    case station
    /// Signs trust bundles: named by `StatementKey.id`.
    case trust
}

/// The public half of a key that a verifier is to use next: what people put into the next trust bundle.
public struct NextKey: Hashable, Sendable, Codable {
    /// The format; 1 is the only one.
    public var formatVersion: Int
    /// What it is for: `grant`, `results` or `ledger`.
    public var kind: KeyKind
    /// The key of grants or results.
    public var key: StatementKey?
    /// The ledger's key, as a C2SP vkey.
    public var vkey: String?

    /// The most bytes of the file.
    public static let maximumSize = 4096

    /// States a key of grants or results.
    public init(_ kind: KeyKind, _ key: StatementKey) {
        formatVersion = 1
        self.kind = kind
        self.key = key
    }

    /// States a ledger's key.
    public init(ledger vkey: String) {
        formatVersion = 1
        kind = .ledger
        self.vkey = vkey
    }

    /// Reads the file.
    public init(parsing bytes: [UInt8]) throws(MessageError) {
        self = try EditedJSON.decode(NextKey.self, from: bytes, limit: Self.maximumSize)
        let isSound =
            switch kind {
            case .grant, .results: vkey == nil && key?.algorithm == .es256 && key?.isUsable == true
            case .ledger: key == nil && vkey != nil
            case .witness, .release, .station, .trust: false
            }
        guard formatVersion == 1, isSound else {
            throw MessageError(.outOfRange, "not a verifier's next key for grants, results or its ledger")
        }
    }
}

/// `POST /v1/keys/compromised`: a key is in hands that it should not be in.
public struct CompromiseOrder: Hashable, Sendable, Codable {
    /// What the key is for.
    public var kind: KeyKind
    /// Which it is, as its kind names keys; a station's or a witness's name is enough where one key has it.
    public var key: String
    /// What is known of it, for the ledger.
    public var reason: Remark
    /// Present, and true: nothing is changed, and the answer says what would be ended.
    public var isRehearsal: Bool?

    /// The most bytes of the message.
    public static let maximumSize = 4096
    /// The longest name: that of a witness, with its key id.
    static let maximumName = 600

    /// Joins the parts; `nil` when there is no name, or the reason is no `Remark`.
    public init?(_ kind: KeyKind, _ key: String, reason: String, isRehearsal: Bool = false) {
        guard let reason = Remark(reason) else { return nil }
        self.kind = kind
        self.key = key
        self.reason = reason
        self.isRehearsal = isRehearsal ? true : nil
        guard isSound else { return nil }
    }

    private var isSound: Bool {
        (1...Self.maximumName).contains(key.utf8.count) && key.utf8.allSatisfy { (0x21..<0x7F).contains($0) }
            && isRehearsal != false
    }

    /// Reads the message.
    public init(parsing bytes: some Sequence<UInt8>) throws(MessageError) {
        self = try CanonicalJSON.decode(CompromiseOrder.self, from: bytes, limit: Self.maximumSize)
        guard isSound else {
            throw MessageError(.outOfRange, "a compromised key has a name without spaces")
        }
    }
}

/// What hangs on a key, or what was ended with it.
public struct CompromiseReport: Hashable, Sendable, Codable {
    /// What the key is for.
    public var kind: KeyKind
    /// Its whole name.
    public var key: String
    /// The number of the ledger's entry; absent while nothing was done.
    public var entry: Int?
    /// Grants that it signed and that nobody has seen spent.
    public var grants: Int
    /// Instances whose birth it signed and that are trusted, or could be without anybody's looking at them.
    public var instances: Int
    /// Releases that too few have signed without it.
    public var releases: Int
    /// What is left to be done, for people.
    public var next: String

    /// The most bytes accepted.
    public static let maximumSize = 8192

    /// Joins the parts.
    public init(
        kind: KeyKind,
        key: String,
        entry: Int?,
        grants: Int,
        instances: Int,
        releases: Int,
        next: String
    ) {
        self.kind = kind
        self.key = key
        self.entry = entry
        self.grants = grants
        self.instances = instances
        self.releases = releases
        self.next = next
    }
}
