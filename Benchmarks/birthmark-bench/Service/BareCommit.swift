/// The rows of some grants in one transaction, written by SQLite alone: as many, as long, as durable as the service's.
///
/// They are in as many indexes. Nothing is read, and nothing is written of the grant that an instance had before.
final class BareCommit {
    /// What one grant writes, taken from the record of the service that was measured.
    struct Rows {
        var state: Int
        var compact: Int
        var archived: Int
        var ledger: BareLedger.Rows
        var entriesPerGrant: Int

        init(of path: String) throws {
            let database = try Database(path, readOnly: true)
            state = try database.number("SELECT avg(length(body)) FROM state")
            compact = try database.number("SELECT avg(length(compact)) FROM grant_given")
            archived = try database.number("SELECT avg(length(body)) FROM archive")
            let grants = try database.number("SELECT count(*) FROM grant_given")
            let first = try database.number("SELECT count(*) FROM birth") + 2
            let entries = try database.number("SELECT count(*) FROM ledger_entry") - first
            ledger = try BareLedger.Rows(of: database, from: first)
            entriesPerGrant = (entries + grants / 2) / max(1, grants)
        }
    }

    let rows: Rows
    private let group: Int
    private let members: Int
    private let database: Database
    private let state: Statement
    private let standing: Statement
    private let challenge: Statement
    private let grant: Statement
    private let step: Statement
    /// `nil` when none is written.
    private let ledger: BareLedger?
    /// The row of the archive; `nil` when none is written.
    private let archive: Statement?
    private var noise = Noise()
    private var written: Int64 = 0

    // Grants that are given in one second, about.
    private static let perSecond: Int64 = 500

    /// - Parameters:
    ///   - model: the service's database, whose tables are made again.
    ///   - group: grants in one transaction.
    ///   - isOnLedger: whether entries are written, too.
    ///   - isArchived: whether what a grant rested on is.
    init(
        at path: String,
        like model: String,
        group: Int,
        members: Int,
        isOnLedger: Bool = true,
        isArchived: Bool = false
    ) throws {
        rows = try Rows(of: model)
        self.group = group
        self.members = members
        database = try Database.like(model, at: path)
        let body = [UInt8](repeating: 0x20, count: rows.state)
        let fresh = try database.prepare("INSERT INTO state (instance, version, body) VALUES (?, 0, ?)")
        let place = try database.prepare("INSERT INTO standing (instance, place, lifecycle) VALUES (?, ?, 'trusted')")
        for member in 0..<members {
            try fresh.run([.text(Self.name(member)), .blob(body)])
            try place.run([.text(Self.name(member)), .integer(Int64(member))])
        }
        state = try database.prepare("UPDATE state SET version = ?, body = ? WHERE instance = ?")
        standing = try database.prepare(
            "UPDATE standing SET renewed_at = ?1, expires = ?1, attested_at = ?1, due = ?1, granted = ?2 WHERE instance = ?3"
        )
        challenge = try database.prepare("INSERT INTO challenge_used (nonce, expires) VALUES (?, ?)")
        grant = try database.prepare(
            """
            INSERT INTO grant_given (jti, instance, compact, expires, manifest, stage, entry, tier, kid)
            VALUES (?, ?, ?, ?, ?, 'granted', ?, 'vtpm', ?)
            """
        )
        step = try database.prepare("INSERT INTO update_step (jti, stage, at) VALUES (?, 'granted', ?)")
        ledger = isOnLedger ? try BareLedger(rows.ledger, in: database) : nil
        let row = "INSERT INTO archive (number, entries, entry, at, body) VALUES (?, ?, ?, ?, ?)"
        archive = isArchived ? try database.prepare(row) : nil
    }

    private static let manifest = [UInt8](repeating: 0x6D, count: 32)
    // As long as a key's (RFC 7638).
    private static let thumbprint = String(repeating: "k", count: 43)

    // As long as an instance's id.
    private static func name(_ member: Int) -> String {
        let digits = String(member)
        return String(repeating: "0", count: 32 - digits.count) + digits
    }

    /// Writes one group, durably.
    func commit() throws -> Bool {
        try database.execute("BEGIN IMMEDIATE")
        for _ in 0..<group {
            written += 1
            let instance = Statement.Value.text(Self.name(Int(written) % members))
            let jti = Statement.Value.text("jti of a grant, \(written)")
            let second = Statement.Value.integer(1_790_000_000 + written / Self.perSecond)
            try state.run([
                .integer(written), .blob([UInt8](repeating: UInt8(truncatingIfNeeded: written), count: rows.state)),
                instance,
            ])
            try standing.run([second, .blob(Self.manifest), instance])
            try challenge.run([.blob(noise.bytes(32)), second])
            try grant.run([
                jti, instance, .text(String(repeating: "g", count: rows.compact)), second, .blob(Self.manifest),
                .integer(written), .text(Self.thumbprint),
            ])
            try step.run([jti, second])
            try ledger?.append(rows.entriesPerGrant, about: Int(written) % members)
            try archive?.run([
                .integer(written), .integer(Int64(rows.entriesPerGrant)), .blob(noise.bytes(32)), second,
                .blob([UInt8](repeating: 0x20, count: rows.archived)),
            ])
        }
        try ledger?.close()
        try database.execute("COMMIT")
        return true
    }
}
