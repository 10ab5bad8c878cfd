import FoundationEssentials
import GRDB
public import Messages
public import VerifierStore

/// What operators have signed.
enum Acts {
    /// Whether the nonce of a statement was used, by this one or another.
    static func isUsed(_ act: StoredAct, _ db: Database) throws -> Bool {
        try Bool.fetchOne(
            db.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM act WHERE nonce = ?)"),
            arguments: [Data(act.nonce)]
        ) ?? false
    }

    static func insert(_ stored: StoredAct, _ db: Database) throws {
        let body = try stored.act.body.map { try keep($0.bytes, db) }
        try db.cachedStatement(
            sql: "INSERT INTO act (digest, nonce, statement, certificate, body) VALUES (?, ?, ?, ?, ?)"
        ).execute(
            arguments: [
                Data(stored.digest.bytes), Data(stored.nonce), Data(try CanonicalJSON.encode(stored.act.statement)),
                try keep(stored.act.certificate.bytes, db), body,
            ])
    }

    /// - Returns: the name by which the document is kept.
    private static func keep(_ bytes: [UInt8], _ db: Database) throws -> Data {
        let digest = Data(ContentDigest(of: bytes).bytes)
        try db.cachedStatement(sql: "INSERT OR IGNORE INTO act_document (digest, bytes) VALUES (?, ?)")
            .execute(arguments: [digest, Data(bytes)])
        return digest
    }
}

extension SQLiteStore {
    public func act(_ digest: ContentDigest) async throws(StoreError) -> SignedAct? {
        try await read { db -> SignedAct? in
            let row = try Row.fetchOne(
                db,
                sql: """
                    SELECT a.statement, c.bytes, b.bytes FROM act a JOIN act_document c ON c.digest = a.certificate
                    LEFT JOIN act_document b ON b.digest = a.body WHERE a.digest = ?
                    """,
                arguments: [Data(digest.bytes)]
            )
            guard let row else { return nil }
            guard let statement = try? SignedEnvelope(parsing: row.bytes(0)) else {
                throw StoreError.damaged("an operator's act cannot be read")
            }
            return SignedAct(
                statement: statement,
                certificate: Blob(row.bytes(1)),
                body: (row[2] as Data?).map { Blob($0) }
            )
        }
    }
}
