/// The rows of some grants in one transaction, written by SQLite alone: as many, as long, as durable as the service's.
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
    private let challenge: Statement
    private let grant: Statement
    /// `nil` when none is written.
    private let ledger: BareLedger?
    /// The row of the archive; `nil` when none is written.
    private let archive: Statement?
    private var written: Int64 = 0

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
        for member in 0..<members { try fresh.run([.text(Self.name(member)), .blob(body)]) }
        state = try database.prepare("UPDATE state SET version = ?, body = ? WHERE instance = ?")
        challenge = try database.prepare("INSERT INTO challenge_used (nonce, expires) VALUES (?, ?)")
        grant = try database.prepare(
            "INSERT INTO grant_given (jti, instance, compact, expires) VALUES (?, ?, ?, ?)"
        )
        ledger = isOnLedger ? try BareLedger(rows.ledger, in: database) : nil
        let place = "INSERT INTO archive (number, entries, entry, at, body) VALUES (?, ?, ?, ?, ?)"
        archive = isArchived ? try database.prepare(place) : nil
    }

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
            try state.run([
                .integer(written), .blob([UInt8](repeating: UInt8(truncatingIfNeeded: written), count: rows.state)),
                instance,
            ])
            try challenge.run([.blob(randomBytes(32)), .integer(1_790_000_000 + written)])
            try grant.run([
                .text("jti of a grant, \(written)"), instance, .text(String(repeating: "g", count: rows.compact)),
                .integer(1_790_000_000 + written),
            ])
            try ledger?.append(rows.entriesPerGrant)
            try archive?.run([
                .integer(written), .integer(Int64(rows.entriesPerGrant)), .blob(randomBytes(32)),
                .integer(1_790_000_000 + written), .blob([UInt8](repeating: 0x20, count: rows.archived)),
            ])
        }
        try ledger?.close()
        try database.execute("COMMIT")
        return true
    }
}
