import FoundationEssentials
import GRDB
import Messages
public import UpdateTrust
public import VerifierStore

/// Keys that are in other hands, and what hangs on one: found and ended in one transaction.
enum Compromises {
    /// What hangs on a key, with what is to become of it.
    struct Found {
        var extent = CompromiseExtent()
        var transitions: [(transition: Transition, replacing: Int64)] = []
        var releases: [ContentDigest] = []

        var isNothing: Bool { extent == CompromiseExtent() }
    }

    static func isReported(_ kind: KeyKind, _ name: String, _ db: Database) throws -> Bool {
        let statement = try db.cachedStatement(
            sql: "SELECT EXISTS (SELECT 1 FROM key_compromised WHERE kind = ? AND name = ?)"
        )
        return try Bool.fetchOne(statement, arguments: [kind.rawValue, name]) ?? false
    }

    /// The names of the keys of one kind that were reported.
    static func names(_ kind: KeyKind, _ db: Database) throws -> Set<String> {
        let statement = try db.cachedStatement(sql: "SELECT name FROM key_compromised WHERE kind = ?")
        return Set(try String.fetchAll(statement, arguments: [kind.rawValue]))
    }

    /// Whether a station's word is in an envelope whose key was reported.
    static func hasStolenStation(_ envelope: [UInt8], _ db: Database) throws -> Bool {
        // Nearly always there is none, and the envelope is not read again for each birth.
        let stolen = try names(.station, db)
        guard !stolen.isEmpty else { return false }
        guard let envelope = try? SignedEnvelope(parsing: envelope) else {
            throw StoreError(.failed, "a station's statement cannot be read, so nobody knows whose it is")
        }
        return envelope.signatures.contains { stolen.contains($0.keyid) }
    }

    static func find(_ compromise: KeyCompromise, _ db: Database) throws -> Found {
        switch compromise.key.kind {
        case .grant: try grants(compromise, db)
        case .station: try instances(compromise, db)
        case .release: try releases(compromise, db)
        // What they have signed is with others, where nothing can be ended.
        case .results, .ledger, .witness, .trust: Found()
        }
    }

    private static func grants(_ compromise: KeyCompromise, _ db: Database) throws -> Found {
        let rows = try Row.fetchAll(
            db,
            sql: "SELECT instance, jti FROM grant_given WHERE kid = ? AND stage = 'granted'",
            arguments: [compromise.key.name]
        )
        let signed = Dictionary(grouping: rows) { $0[0] as String }.mapValues { Set($0.map { $0[1] as String }) }
        var found = Found()
        for (instance, names) in signed.sorted(by: { $0.key < $1.key }) {
            guard let state = try state(of: instance, db), let end = try compromise.endOfGrants(names, of: state)
            else { continue }
            found.transitions.append((end.transition, state.version))
            found.extent.grants += end.count
        }
        return found
    }

    private static func instances(_ compromise: KeyCompromise, _ db: Database) throws -> Found {
        // All births are read: that is rare, and an index would be written with every birth. One that cannot be read may hang on the key.
        let instances = try String.fetchAll(
            db,
            sql: """
                SELECT instance FROM (
                    SELECT instance, CAST(envelope AS TEXT) AS envelope FROM birth JOIN standing USING (instance)
                    WHERE lifecycle NOT IN (?, ?)
                )
                WHERE COALESCE(
                    CASE WHEN json_valid(envelope) THEN json_extract(envelope, '$.signatures[0].keyid') END = ?, TRUE
                )
                ORDER BY instance
                """,
            arguments: [Lifecycle.suspended.rawValue, Lifecycle.retired.rawValue, compromise.key.name]
        )
        var found = Found()
        for instance in instances {
            guard let state = try state(of: instance, db), let transition = try compromise.suspension(of: state)
            else { continue }
            found.transitions.append((transition, state.version))
            found.extent.instances += 1
        }
        return found
    }

    private static func releases(_ compromise: KeyCompromise, _ db: Database) throws -> Found {
        let rows = try Row.fetchAll(
            db,
            sql: "SELECT manifest, envelope FROM release WHERE withdrawn_at IS NULL ORDER BY rowid"
        )
        let reported = try names(.release, db)
        var found = Found()
        for row in rows {
            guard let manifest = ContentDigest(bytes: row.bytes(0)),
                let envelope = try? SignedEnvelope(parsing: row.bytes(1))
            else { throw StoreError.damaged("a release cannot be read") }
            if compromise.hangs(envelope, besides: reported) { found.releases.append(manifest) }
        }
        found.extent.releases = found.releases.count
        return found
    }

    private static func state(of instance: String, _ db: Database) throws -> InstanceState? {
        let statement = try db.cachedStatement(sql: "SELECT body FROM state WHERE instance = ?")
        return try Data.fetchOne(statement, arguments: [instance]).map { try SQLiteStore.state($0) }
    }

    /// Names the keys of grants that were given before that was kept: of those only that may still be used.
    static func nameKeysOfGrants(_ db: Database) throws {
        var last: Int64 = 0
        while true {
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT rowid, compact FROM grant_given WHERE rowid > ? AND stage = 'granted' ORDER BY rowid LIMIT 500
                    """,
                arguments: [last]
            )
            for row in rows {
                last = row[0]
                try db.execute(
                    sql: "UPDATE grant_given SET kid = ? WHERE rowid = ?",
                    arguments: [Grant.keyID(of: row[1]), last]
                )
            }
            if rows.isEmpty { return }
        }
    }
}

extension SQLiteStore {
    /// Notes that a key is in other hands, and ends what hangs on it.
    /// - Parameter written: the entry that speaks for all of it is added, and those that end one thing each.
    func apply(
        _ compromise: KeyCompromise,
        _ written: inout [WrittenEntry],
        _ db: Database
    ) throws -> StoreOutcome? {
        try db.execute(
            sql: """
                INSERT INTO key_compromised (kind, name, reported_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING
                """,
            arguments: [compromise.key.kind.rawValue, compromise.key.name, compromise.at]
        )
        let isNew = db.changesCount == 1
        let found = try Compromises.find(compromise, db)
        guard isNew || !found.isNothing else { return .known }
        written.append(try compromise.entry(found.extent))
        for (transition, version) in found.transitions {
            guard try replace(transition, version, db) == nil else {
                throw StoreError.damaged("a state moved inside of a transaction")
            }
            written += transition.entries
        }
        for manifest in found.releases {
            let withdrawal = StoredRelease.Withdrawal(
                at: compromise.at,
                by: compromise.by,
                reason: compromise.reason.text
            )
            guard try apply(withdrawal, of: manifest, db) == nil else { continue }
            written.append(try compromise.withdrawal(of: manifest))
        }
        return nil
    }

    public func compromisedKeys() async throws(StoreError) -> Set<NamedKey> {
        try await read { db in
            let rows = try Row.fetchAll(db, sql: "SELECT kind, name FROM key_compromised")
            return Set(
                rows.compactMap { row in KeyKind(rawValue: row[0] as String).map { NamedKey($0, row[1] as String) } }
            )
        }
    }

    public func extent(of compromise: KeyCompromise) async throws(StoreError) -> CompromiseExtent {
        try await read { db in try Compromises.find(compromise, db).extent }
    }
}
