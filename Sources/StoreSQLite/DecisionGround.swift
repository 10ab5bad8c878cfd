import FoundationEssentials
import GRDB
import Messages
import UpdateTrust

/// What decisions are held against, read once for those of a transaction that follow one another: no decision changes any of it.
struct DecisionGround {
    private var newestPolicy: Data??
    private var standings: [ContentDigest: ReleaseStanding?] = [:]
    private var revisions: [ContentDigest: Int64?] = [:]
    private var reportedKeys: [String: Bool] = [:]

    /// The digest of the policy that came into force last.
    mutating func policy(_ db: Database) throws -> Data? {
        if let newestPolicy { return newestPolicy }
        let read = try Data.fetchOne(
            db.cachedStatement(sql: "SELECT digest FROM policy ORDER BY number DESC LIMIT 1")
        )
        newestPolicy = .some(read)
        return read
    }

    /// Whether releases stand as they did.
    mutating func stands(_ expected: ReleaseStandings, _ db: Database) throws -> Bool {
        for (manifest, standing) in expected {
            guard try self.standing(of: manifest, db) == standing else { return false }
        }
        return true
    }

    private mutating func standing(of release: ContentDigest, _ db: Database) throws -> ReleaseStanding? {
        try Self.once(&standings, release) { try SQLiteStore.standing(of: $0, db) }
    }

    /// The revision of the rollout of a release; `nil` when it has none.
    mutating func revision(of release: ContentDigest, _ db: Database) throws -> Int64? {
        try Self.once(&revisions, release) { try Rollouts.revision(of: $0, db) }
    }

    /// Whether a grant key was reported compromised.
    mutating func isReported(_ kid: String, _ db: Database) throws -> Bool {
        try Self.once(&reportedKeys, kid) { try Compromises.isReported(.grant, $0, db) }
    }

    private static func once<Key, Value>(
        _ read: inout [Key: Value],
        _ key: Key,
        _ body: (Key) throws -> Value
    ) throws -> Value {
        if let known = read[key] { return known }
        let value = try body(key)
        // Not by subscript, which would take nothing for a key that is to be forgotten.
        read.updateValue(value, forKey: key)
        return value
    }
}
