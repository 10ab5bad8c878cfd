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
        if let known = standings[release] { return known }
        let read = try SQLiteStore.standing(of: release, db)
        standings.updateValue(read, forKey: release)
        return read
    }

    /// The revision of the rollout of a release; `nil` when it has none.
    mutating func revision(of release: ContentDigest, _ db: Database) throws -> Int64? {
        if let known = revisions[release] { return known }
        let read = try Rollouts.revision(of: release, db)
        revisions.updateValue(read, forKey: release)
        return read
    }

    /// Whether a grant key was reported compromised.
    mutating func isReported(_ kid: String, _ db: Database) throws -> Bool {
        if let known = reportedKeys[kid] { return known }
        let read = try Compromises.isReported(.grant, kid, db)
        reportedKeys[kid] = read
        return read
    }
}
