import AttestationResults
import FoundationEssentials
import GRDB
public import Messages
public import UpdateTrust
public import VerifierStore

/// Every key that was ever committed for an instance without a TPM: what was left behind tells a copy from a stranger.
enum RatchetKeys {
    /// Notes the key that a state has committed, if it is not noted yet.
    static func note(_ state: InstanceState, _ db: Database) throws {
        guard let ratchet = state.ratchet else { return }
        try db.cachedStatement(
            sql: "INSERT INTO ratchet_key (instance, key, position) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
        ).execute(arguments: [state.instance.text, Data(ratchet.key.thumbprint.bytes), ratchet.position])
    }

    static func position(of key: SoftwareKey, _ instance: InstanceID, _ db: Database) throws -> Int64? {
        try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT position FROM ratchet_key WHERE instance = ? AND key = ?"),
            arguments: [instance.text, Data(key.thumbprint.bytes)]
        )
    }
}

extension SQLiteStore {
    public func ratchetPositions(
        of keys: [SoftwareKey],
        _ instance: InstanceID
    ) async throws(StoreError) -> [SoftwareKey: Int64] {
        try await read { db in
            var positions: [SoftwareKey: Int64] = [:]
            for key in keys { positions[key] = try RatchetKeys.position(of: key, instance, db) }
            return positions
        }
    }

    public func approvals(of release: ContentDigest, at now: Int64) async throws(StoreError) -> [RecordedApproval] {
        try await read { db in
            let statement = try db.cachedStatement(
                sql: "SELECT entry, body FROM approval WHERE manifest = ? AND until > ? ORDER BY rowid"
            )
            return try Row.fetchAll(statement, arguments: [Data(release.bytes), now]).map { row in
                guard let entry = ContentDigest(bytes: row.bytes(0)),
                    let approval = try? CanonicalJSON.decode(
                        Approval.self,
                        from: row.bytes(1),
                        limit: Approval.maximumSize
                    )
                else { throw StoreError.damaged("an approval cannot be read") }
                return RecordedApproval(approval, entry: entry)
            }
        }
    }

    func apply(_ approval: Approval, _ entry: WrittenEntry, _ db: Database) throws -> StoreOutcome? {
        guard try Self.standing(of: approval.release, db) != nil else { return .conflict(.missing) }
        try db.execute(
            sql: "INSERT INTO approval (entry, manifest, until, body) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            arguments: [
                Data(entry.digest.bytes), Data(approval.release.bytes), approval.until,
                Data(try CanonicalJSON.encode(approval)),
            ]
        )
        // Who says the same twice within a second has said it once.
        return db.changesCount == 0 ? .known : nil
    }
}
