import FoundationEssentials
import GRDB
public import Ledger
public import Messages
import UpdateTrust
public import VerifierStore

extension SQLiteStore: VerifierStore {
    public func snapshot(
        of instance: InstanceID,
        release: ContentDigest?
    ) async throws(StoreError) -> DecisionSnapshot? {
        if let known = memory.snapshot(of: instance, release: release) { return known }
        let generation = memory.generation
        let snapshot = try await read { db -> DecisionSnapshot? in
            let statement = try db.cachedStatement(sql: "SELECT body FROM state WHERE instance = ?")
            guard let body = try Data.fetchOne(statement, arguments: [instance.text]) else { return nil }
            let state = try Self.state(body)
            var standings: ReleaseStandings = [:]
            for manifest in state.manifests + [release].compactMap({ $0 }) {
                standings[manifest] = try Self.standing(of: manifest, db)
            }
            return DecisionSnapshot(
                state: state,
                standings: standings,
                rollout: try release.flatMap { try Rollouts.staged($0, db)?.rollout }
            )
        }
        guard let snapshot else { return nil }
        memory.keep(snapshot, of: release, readAt: generation)
        return snapshot
    }

    static func standing(of release: ContentDigest, _ db: Database) throws -> ReleaseStanding? {
        let statement = try db.cachedStatement(
            sql: "SELECT withdrawn_at IS NOT NULL, is_recalled FROM release WHERE manifest = ?"
        )
        return try Row.fetchOne(statement, arguments: [Data(release.bytes)]).map { row in
            row[1] ? .recalled : row[0] ? .withdrawn : .registered
        }
    }

    public func birth(of instance: InstanceID) async throws(StoreError) -> StoredBirth? {
        try await read { db in
            try Row.fetchOne(
                db,
                sql: "SELECT envelope, payload, imported_at FROM birth WHERE instance = ?",
                arguments: [instance.text]
            ).map { row in
                StoredBirth(envelope: row.bytes(0), payload: row.bytes(1), importedAt: row[2])
            }
        }
    }

    public func instance(serial: Label) async throws(StoreError) -> InstanceID? {
        try await read { db in
            try String.fetchOne(
                db,
                sql: "SELECT instance FROM serial_number WHERE serial = ?",
                arguments: [serial.text]
            )
        }.flatMap { InstanceID($0) }
    }

    public func instances(after: InstanceID?, limit: Int) async throws(StoreError) -> [StoredInstance] {
        let rows = try await read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT payload, body FROM birth JOIN state USING (instance)
                    WHERE instance > ? ORDER BY instance LIMIT ?
                    """,
                arguments: [after?.text ?? "", limit]
            ).map { (birth: $0.bytes(0), state: $0[1] as Data) }
        }
        var instances: [StoredInstance] = []
        for row in rows { instances.append(StoredInstance(birth: row.birth, state: try Self.state(row.state))) }
        return instances
    }

    static func state(_ body: Data) throws(StoreError) -> InstanceState {
        do {
            return try InstanceState(parsing: [UInt8](body))
        } catch {
            throw StoreError.damaged("the state of an instance cannot be read: \(error)")
        }
    }

    public func release(_ manifest: ContentDigest) async throws(StoreError) -> StoredRelease? {
        try await releases("WHERE manifest = ?", [Data(manifest.bytes)]).first
    }

    public func releases() async throws(StoreError) -> [StoredRelease] {
        try await releases("ORDER BY added_at DESC, rowid DESC", [])
    }

    private func releases(_ which: String, _ arguments: StatementArguments) async throws(StoreError) -> [StoredRelease]
    {
        try await read { db in
            let sql = """
                SELECT manifest, envelope, payload, added_at, added_by, withdrawn_at, withdrawn_by, withdrawn_because,
                    is_recalled
                FROM release \(which)
                """
            return try Row.fetchAll(db, sql: sql, arguments: arguments).map { row in
                guard let manifest = ContentDigest(bytes: row.bytes(0)), let by = Label(row[4] as String) else {
                    throw StoreError.damaged("a release cannot be read")
                }
                var release = StoredRelease(
                    manifest: manifest,
                    envelope: row.bytes(1),
                    payload: row.bytes(2),
                    addedAt: row[3],
                    addedBy: by
                )
                if let at = row[5] as Int64?, let name = row[6] as String?, let by = Label(name) {
                    release.withdrawal = .init(at: at, by: by, reason: row[7] ?? "", isRecall: row[8])
                }
                return release
            }
        }
    }

    public func policy() async throws(StoreError) -> StoredPolicy? {
        try await read { db in
            try Data.fetchOne(db, sql: "SELECT bytes FROM policy ORDER BY number DESC LIMIT 1")
        }.map { StoredPolicy([UInt8]($0)) }
    }

    public func policy(_ digest: ContentDigest) async throws(StoreError) -> StoredPolicy? {
        try await read { db in
            try Data.fetchOne(
                db,
                sql: "SELECT bytes FROM policy WHERE digest = ? ORDER BY number DESC LIMIT 1",
                arguments: [Data(digest.bytes)]
            )
        }.map { StoredPolicy([UInt8]($0)) }
    }

    public func log(_ digest: ContentDigest) async throws(StoreError) -> [UInt8]? {
        try await read { db in
            try Data.fetchOne(db, sql: "SELECT bytes FROM event_log WHERE digest = ?", arguments: [Data(digest.bytes)])
        }.map { [UInt8]($0) }
    }

    public func holdsLog(_ digest: ContentDigest) async throws(StoreError) -> Bool {
        if memory.holdsLog(digest) { return true }
        let isHeld = try await read { db in
            let statement = try db.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM event_log WHERE digest = ?)")
            return try Bool.fetchOne(statement, arguments: [Data(digest.bytes)]) ?? false
        }
        if isHeld { memory.keepLog(digest) }
        return isHeld
    }

    public func grant(_ jti: String) async throws(StoreError) -> GivenGrant? {
        try await read { db in
            try Row.fetchOne(db, sql: "SELECT compact, entry FROM grant_given WHERE jti = ?", arguments: [jti])
                .map { GivenGrant(compact: $0[0], entry: $0[1]) }
        }
    }

    public func ledgerHead() async throws(StoreError) -> LedgerHead { try await read { db in try Self.head(db) } }

    static func head(_ db: Database) throws -> LedgerHead {
        guard let row = try Row.fetchOne(db, sql: "SELECT size, checkpoint FROM ledger_head") else {
            throw StoreError.damaged("the ledger's head is gone")
        }
        return LedgerHead(size: row[0], checkpoint: (row[1] as Data?).map { [UInt8]($0) })
    }

    public func witnessedCheckpoint() async throws(StoreError) -> [UInt8]? {
        try await read { db in
            try Data.fetchOne(db, sql: "SELECT checkpoint FROM ledger_witnessed").map { [UInt8]($0) }
        }
    }

    public func ledgerEntries(_ range: Range<Int>) async throws(StoreError) -> [LogEntry] {
        try await read { db in
            try Row.fetchAll(
                db,
                sql: "SELECT number, bytes FROM ledger_entry WHERE number >= ? AND number < ? ORDER BY number",
                arguments: [range.lowerBound, range.upperBound]
            ).enumerated().map { offset, row in
                guard row[0] == range.lowerBound + offset else {
                    throw StoreError.damaged("the ledger's entry \(range.lowerBound + offset) is missing")
                }
                return try LogEntry(row.bytes(1))
            }
        }
    }
}

extension Row {
    func bytes(_ column: Int) -> [UInt8] { [UInt8](self[column] as Data) }
}
