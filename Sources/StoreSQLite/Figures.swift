import GRDB
import Messages
import UpdateTrust
public import VerifierStore

extension SQLiteStore {
    public func figures(at now: Int64) async throws(StoreError) -> FleetFigures {
        try await read { db in
            FleetFigures(
                identities: try Self.identities(db),
                trusted: try Self.trusted(now, db),
                running: try Self.running(db),
                attested: try Self.attested(now, db),
                updates: try Self.updates(db)
            )
        }
    }

    private static func identities(_ db: Database) throws -> [FleetFigures.Identity: Int] {
        var figures: [FleetFigures.Identity: Int] = [:]
        for row in try Row.fetchAll(
            db,
            sql: "SELECT lifecycle, \(tierNow), count(*) FROM standing GROUP BY 1, 2"
        ) {
            guard let lifecycle = Lifecycle(rawValue: row[0] as String), let tier = Tier(rawValue: row[1] as String)
            else {
                throw StoreError.damaged("how an instance stands cannot be read")
            }
            figures[.init(lifecycle: lifecycle, tier: tier)] = row[2]
        }
        return figures
    }

    private static func trusted(_ now: Int64, _ db: Database) throws -> [Tier: Int] {
        var figures: [Tier: Int] = [:]
        for row in try Row.fetchAll(
            db,
            sql: """
                SELECT \(tierNow), count(*) FROM standing
                WHERE lifecycle = ? AND expires > ? AND renewed_at <= ? GROUP BY 1
                """,
            arguments: [Lifecycle.trusted.rawValue, now, now + Lease.clockTolerance]
        ) {
            if let tier = Tier(rawValue: row[0] as String) { figures[tier] = row[1] }
        }
        return figures
    }

    private static func running(_ db: Database) throws -> [ContentDigest?: Int] {
        var figures: [ContentDigest?: Int] = [:]
        for row in try Row.fetchAll(
            db,
            sql: "SELECT running, count(*) FROM standing WHERE lifecycle <> ? GROUP BY 1",
            arguments: [Lifecycle.retired.rawValue]
        ) {
            let manifest = row[0] == nil ? nil : ContentDigest(bytes: row.bytes(0))
            figures[manifest, default: 0] += row[1]
        }
        return figures
    }

    private static func attested(_ now: Int64, _ db: Database) throws -> [AttestationAge: Int] {
        let bounds = AttestationAge.allCases.compactMap(\.bound)
        let sums = bounds.map { "sum(attested_at > \(now - $0))" }.joined(separator: ", ")
        guard
            let row = try Row.fetchOne(
                db,
                sql: "SELECT count(*), sum(attested_at IS NULL), \(sums) FROM standing WHERE lifecycle <> ?",
                arguments: [Lifecycle.retired.rawValue]
            )
        else { return [:] }
        let (all, never) = (row[0] as Int, row[1] as Int? ?? 0)
        var figures: [AttestationAge: Int] = [.never: never]
        var within = 0
        for (index, age) in AttestationAge.allCases.filter({ $0.bound != nil }).enumerated() {
            let count = row[index + 2] as Int? ?? 0
            figures[age] = count - within
            within = count
        }
        figures[.older] = all - never - within
        return figures
    }

    private static func updates(_ db: Database) throws -> [UpdateStage: Int] {
        var figures: [UpdateStage: Int] = [:]
        for row in try Row.fetchAll(
            db,
            sql: "SELECT stage, count(*) FROM grant_given WHERE stage IS NOT NULL GROUP BY stage"
        ) {
            if let stage = UpdateStage(rawValue: row[0] as String) { figures[stage] = row[1] }
        }
        return figures
    }

    /// While an operator has lowered it, a birth does not say how an instance proves itself.
    private static var tierNow: String { "CASE WHEN lowered THEN '\(Tier.compensated.rawValue)' ELSE tier END" }
}
