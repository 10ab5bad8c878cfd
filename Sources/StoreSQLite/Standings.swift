import FoundationEssentials
import GRDB
public import Messages
import UpdateTrust
public import VerifierStore

/// The rows that the status list is made of: one an instance, written with its state.
enum Standings {
    /// Gives an instance its place whose birth was just inserted.
    static func insert(_ state: InstanceState, _ tier: Tier, _ db: Database) throws {
        // No birth is ever deleted, so that the last row's number is how many there are; counting would read them all.
        let instances = try Int.fetchOne(db.cachedStatement(sql: "SELECT max(rowid) FROM birth")) ?? 0
        try insert(state, among: StatusPlaces.count(for: instances), db)
        try db.cachedStatement(sql: "UPDATE standing SET tier = ? WHERE instance = ?")
            .execute(arguments: [tier.rawValue, state.instance.text])
    }

    /// Gives every instance its place that was born before there were any.
    static func fill(_ db: Database) throws {
        let places = StatusPlaces.count(for: try Int.fetchOne(db, sql: "SELECT count(*) FROM state") ?? 0)
        try forEachState(db) { try insert($0, among: places, db) }
    }

    /// Writes anew what follows from the states.
    static func refresh(_ db: Database) throws { try forEachState(db) { try update($0, isSettled: false, db) } }

    private static func forEachState(_ db: Database, _ work: (InstanceState) throws -> Void) throws {
        let bodies = try Data.fetchCursor(db, sql: "SELECT body FROM state")
        while let body = try bodies.next() { try work(try SQLiteStore.state(body)) }
    }

    private static func insert(_ state: InstanceState, among places: Int, _ db: Database) throws {
        let standing = InstanceStanding(of: state)
        try db.cachedStatement(
            sql: "INSERT INTO standing (instance, place, lifecycle, renewed_at, expires) VALUES (?, ?, ?, ?, ?)"
        ).execute(
            arguments: [
                state.instance.text, try freePlace(among: places, db), standing.lifecycle.rawValue, standing.renewedAt,
                standing.expires,
            ])
    }

    /// Draws until a place is free; at most half of them are taken.
    private static func freePlace(among places: Int, _ db: Database) throws -> Int {
        let isTaken = try db.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM standing WHERE place = ?)")
        while true {
            let place = Int.random(in: 0..<places)
            if try Bool.fetchOne(isTaken, arguments: [place]) == false { return place }
        }
    }

    /// - Parameter isSettled: whether withdrawals are taken in; otherwise one that concerns the instance goes on concerning it.
    static func update(_ state: InstanceState, isSettled: Bool, _ db: Database) throws {
        let standing = InstanceStanding(of: state)
        try db.cachedStatement(
            sql: """
                UPDATE standing SET lifecycle = ?, renewed_at = ?, expires = ?, running = ?, granted = ?, under = ?,
                    lowered = ?, attested_at = coalesce(?, attested_at),
                    due = CASE WHEN due = 0 AND NOT ? THEN 0 ELSE ? END
                WHERE instance = ?
                """
        ).execute(
            arguments: [
                standing.lifecycle.rawValue, standing.renewedAt, standing.expires,
                (state.running.manifest?.bytes).map { Data($0) },
                (state.pending?.package.manifest.bytes).map { Data($0) }, state.lease?.under?.text,
                state.lowered != nil, standing.renewedAt, isSettled,
                state.due,
                state.instance.text,
            ]
        )
        if standing.lifecycle != .trusted || standing.expires == nil { try makeDueUnder(state.instance, db) }
    }

    /// Makes everybody due whose lease rests on the word of a gateway that is trusted no more.
    private static func makeDueUnder(_ gateway: InstanceID, _ db: Database) throws {
        try db.cachedStatement(sql: "UPDATE standing SET due = 0 WHERE under = ?").execute(arguments: [gateway.text])
    }

    /// Whether a gateway is trusted, and will be for that long unless something happens.
    static func holds(_ gateway: GatewayStanding, _ db: Database) throws -> Bool {
        try Bool.fetchOne(
            db.cachedStatement(
                sql: "SELECT EXISTS (SELECT 1 FROM standing WHERE instance = ? AND lifecycle = ? AND expires >= ?)"
            ),
            arguments: [gateway.instance.text, Lifecycle.trusted.rawValue, gateway.until]
        ) ?? false
    }

    /// Whether a gateway is trusted by its TPM, so that a lease may rest on its word.
    static func isTrusted(_ gateway: InstanceID, _ db: Database) throws -> Bool {
        try Bool.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT EXISTS (
                        SELECT 1 FROM standing
                        WHERE instance = ? AND lifecycle = ? AND expires IS NOT NULL AND lowered = 0
                    )
                    """
            ),
            arguments: [gateway.text, Lifecycle.trusted.rawValue]
        ) ?? false
    }

    /// Makes everybody due whom the withdrawal of a release concerns.
    static func makeDue(_ standing: ReleaseStanding, _ manifest: ContentDigest, _ db: Database) throws {
        let concerned = standing == .recalled ? "granted = :manifest OR running = :manifest" : "granted = :manifest"
        try db.execute(
            sql: "UPDATE standing SET due = 0 WHERE \(concerned)",
            arguments: ["manifest": Data(manifest.bytes)]
        )
    }
}

extension SQLiteStore {
    public func due(at now: Int64, limit: Int) async throws(StoreError) -> [InstanceID] {
        try await read { db in
            try String.fetchAll(
                db.cachedStatement(sql: "SELECT instance FROM standing WHERE due <= ? ORDER BY due LIMIT ?"),
                arguments: [now, limit]
            )
        }.compactMap { InstanceID($0) }
    }

    public func statusIndex(of instance: InstanceID) async throws(StoreError) -> Int? {
        try await read { db in
            try Int.fetchOne(
                db.cachedStatement(sql: "SELECT place FROM standing WHERE instance = ?"),
                arguments: [instance.text]
            )
        }
    }

    public func standings(after: InstanceID?, limit: Int) async throws(StoreError) -> [StoredStanding] {
        try await read { db in
            let statement = try db.cachedStatement(
                sql: """
                    SELECT instance, place, lifecycle, renewed_at, expires FROM standing
                    WHERE instance > ? ORDER BY instance LIMIT ?
                    """
            )
            let rows = try Row.fetchCursor(statement, arguments: [after?.text ?? "", limit])
            var standings: [StoredStanding] = []
            while let row = try rows.next() {
                guard let instance = InstanceID(row[0] as String), let lifecycle = Lifecycle(rawValue: row[2] as String)
                else {
                    throw StoreError.damaged("how an instance stands cannot be read")
                }
                standings.append(
                    StoredStanding(
                        instance: instance,
                        index: row[1],
                        standing: InstanceStanding(lifecycle: lifecycle, renewedAt: row[3], expires: row[4])
                    )
                )
            }
            return standings
        }
    }
}
