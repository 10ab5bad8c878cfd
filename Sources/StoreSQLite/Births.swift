import FoundationEssentials
import GRDB
import Messages
import UpdateTrust
public import VerifierStore

/// Births, and the bundles in which they came.
extension SQLiteStore {
    func apply(_ birth: BirthImport, _ db: Database) throws -> StoreOutcome? {
        let state = birth.transition.state
        if let obstacle = try obstacle(to: birth, db) { return obstacle }
        guard try !Compromises.hasStolenStation(birth.birth.envelope, db) else { return .conflict(.compromised) }
        if let obstacle = try change(birth.earlier, db) { return obstacle }
        try db.cachedStatement(
            sql: """
                INSERT INTO birth (instance, serial, endorsement_key, record, payload, envelope, imported_at)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(
            arguments: [
                state.instance.text, birth.serial.text, Data(birth.endorsementKey), Data(birth.record.bytes),
                Data(birth.birth.payload), Data(birth.birth.envelope), birth.birth.importedAt,
            ])
        try db.cachedStatement(sql: "INSERT OR REPLACE INTO serial_number (serial, instance) VALUES (?, ?)")
            .execute(arguments: [birth.serial.text, state.instance.text])
        try db.cachedStatement(sql: "INSERT INTO state (instance, version, body) VALUES (?, ?, ?)")
            .execute(arguments: [state.instance.text, state.version, Data(try CanonicalJSON.encode(state))])
        try Standings.insert(state, birth.tier, db)
        try RatchetKeys.note(state, db)
        if let log = birth.log { try keep(log, db) }
        return nil
    }

    /// Changes all earlier lives or none: the birth that goes with them is refused when one of them has moved.
    private func change(_ earlier: [BirthImport.EarlierLife], _ db: Database) throws -> StoreOutcome? {
        let version = try db.cachedStatement(sql: "SELECT version FROM state WHERE instance = ?")
        for life in earlier {
            let current = try Int64.fetchOne(version, arguments: [life.transition.state.instance.text])
            guard current == life.replacing else { return .stale }
        }
        for life in earlier {
            if let obstacle = try replace(life.transition, life.replacing, db) { return obstacle }
        }
        return nil
    }

    /// What on record stands against a birth: a TPM is one instance until a birth follows that one, a serial number its holder's until the
    /// very birth that replaces it, or that follows it.
    private func obstacle(to birth: BirthImport, _ db: Database) throws -> StoreOutcome? {
        let instance = birth.transition.state.instance
        let known = try Row.fetchOne(
            db.cachedStatement(sql: "SELECT record FROM birth WHERE instance = ?"),
            arguments: [instance.text]
        )
        if let known { return known.bytes(0) == birth.record.bytes ? .known : .conflict(.instance) }
        let former = birth.succession?.transition.state.instance
        // The latest: a TPM can have had several lives.
        let earlier = try String.fetchOne(
            db.cachedStatement(
                sql: "SELECT instance FROM birth WHERE endorsement_key = ? ORDER BY rowid DESC LIMIT 1"
            ),
            arguments: [Data(birth.endorsementKey)]
        )
        if let earlier {
            guard let earlier = InstanceID(earlier) else { return .conflict(.instance) }
            guard earlier == former else { return .conflict(.endorsementKey(earlier)) }
        } else if former != nil {
            return .conflict(.missing)
        }
        let held = try String.fetchOne(
            db.cachedStatement(sql: "SELECT instance FROM serial_number WHERE serial = ?"),
            arguments: [birth.serial.text]
        )
        guard let held else { return birth.retirement == nil ? nil : .conflict(.missing) }
        guard let holder = InstanceID(held) else { return .conflict(.instance) }
        let ending = birth.retirement?.transition.state.instance ?? former
        return ending == holder ? nil : .conflict(.serial(holder))
    }

    func apply(_ bundle: StoredBundle, _ db: Database) throws -> StoreOutcome? {
        let digest = try Data.fetchOne(
            db,
            sql: "SELECT digest FROM birth_bundle WHERE station = ? AND number = ?",
            arguments: [bundle.station.text, bundle.number]
        )
        if let digest { return digest == Data(bundle.digest.bytes) ? .known : .conflict(.bundle) }
        try db.execute(
            sql: """
                INSERT INTO birth_bundle (station, number, digest, imported_at, is_finished) VALUES (?, ?, ?, ?, 0)
                """,
            arguments: [bundle.station.text, bundle.number, Data(bundle.digest.bytes), bundle.importedAt]
        )
        return nil
    }

    func finish(bundle number: Int64, of station: Label, _ db: Database) throws -> StoreOutcome? {
        let isFinished = try Bool.fetchOne(
            db,
            sql: "SELECT is_finished FROM birth_bundle WHERE station = ? AND number = ?",
            arguments: [station.text, number]
        )
        guard let isFinished else { return .conflict(.missing) }
        guard !isFinished else { return .known }
        try db.execute(
            sql: "UPDATE birth_bundle SET is_finished = 1 WHERE station = ? AND number = ?",
            arguments: [station.text, number]
        )
        return nil
    }

    public func sequences() async throws(StoreError) -> [StoredSequence] {
        try await read { db in
            let stations = try Row.fetchAll(
                db,
                sql: """
                    SELECT station, MAX(number), SUM(is_finished) FROM birth_bundle GROUP BY station ORDER BY station
                    """
            )
            return try stations.map { row in
                guard let station = Label(row[0] as String) else {
                    throw StoreError.damaged("a station's name cannot be read")
                }
                return StoredSequence(
                    station: station,
                    bundles: row[2],
                    latest: row[1],
                    missing: try Self.gaps(of: station, db),
                    unfinished: try Int64.fetchAll(
                        db,
                        sql: """
                            SELECT number FROM birth_bundle WHERE station = ? AND is_finished = 0
                            ORDER BY number LIMIT \(StationReport.maximumGaps)
                            """,
                        arguments: [station.text]
                    )
                )
            }
        }
    }

    private static func gaps(of station: Label, _ db: Database) throws -> [NumberRange] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT before + 1, number - 1 FROM (
                    SELECT number, LAG(number, 1, 0) OVER (ORDER BY number) AS before
                    FROM birth_bundle WHERE station = ?
                ) WHERE number > before + 1 ORDER BY number LIMIT \(StationReport.maximumGaps)
                """,
            arguments: [station.text]
        ).map { NumberRange(first: $0[0], last: $0[1]) }
    }
}
