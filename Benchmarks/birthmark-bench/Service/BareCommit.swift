/// The rows of some grants in one transaction, written by SQLite alone: as many, as long, as durable as the service's.
final class BareCommit {
    /// What one grant writes, taken from the record of the service that was measured.
    struct Rows {
        var state: Int
        var compact: Int
        var checkpoint: Int
        var entry: Int
        var entriesPerGrant: Int
        var nodesPerGrant: Int

        init(of path: String) throws {
            let database = try Database(path, readOnly: true)
            state = try database.number("SELECT avg(length(body)) FROM state")
            compact = try database.number("SELECT avg(length(compact)) FROM grant_given")
            checkpoint = try database.number("SELECT length(checkpoint) FROM ledger_head")
            let grants = try database.number("SELECT count(*) FROM grant_given")
            let first = try database.number("SELECT count(*) FROM birth") + 2
            let entries = try database.number("SELECT count(*) FROM ledger_entry") - first
            entry = try database.number("SELECT avg(length(bytes)) FROM ledger_entry WHERE number >= \(first)")
            entriesPerGrant = (entries + grants / 2) / max(1, grants)
            nodesPerGrant = (2 * entries + grants / 2) / max(1, grants)
        }
    }

    private let rows: Rows
    private let group: Int
    private let members: Int
    private let database: Database
    private let state: Statement
    private let challenge: Statement
    private let grant: Statement
    private let entry: Statement
    private let node: Statement
    private let head: Statement
    private var written: Int64 = 0
    private var entries: Int64 = 0
    private var nodes: Int64 = 0

    /// - Parameters:
    ///   - model: the service's database, whose tables are made again.
    ///   - group: grants in one transaction.
    init(at path: String, like model: String, group: Int, members: Int) throws {
        rows = try Rows(of: model)
        self.group = group
        self.members = members
        database = try Database(path)
        try database.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
        let tables = try Database(model, readOnly: true)
            .prepare("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'")
            .rows { $0.text(0) }
        for table in tables { try database.execute(table) }
        try database.execute("INSERT INTO ledger_head (only, size) VALUES (1, 0)")
        let body = [UInt8](repeating: 0x20, count: rows.state)
        let fresh = try database.prepare("INSERT INTO state (instance, version, body) VALUES (?, 0, ?)")
        for member in 0..<members { try fresh.run([.text(Self.name(member)), .blob(body)]) }
        state = try database.prepare("UPDATE state SET version = ?, body = ? WHERE instance = ?")
        challenge = try database.prepare("INSERT INTO challenge_used (nonce, expires) VALUES (?, ?)")
        grant = try database.prepare(
            "INSERT INTO grant_given (jti, instance, compact, expires) VALUES (?, ?, ?, ?)"
        )
        entry = try database.prepare("INSERT INTO ledger_entry (number, bytes) VALUES (?, ?)")
        node = try database.prepare("INSERT INTO ledger_node (level, number, hash) VALUES (?, ?, ?)")
        head = try database.prepare("UPDATE ledger_head SET size = ?, checkpoint = ?")
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
            var random = SystemRandomNumberGenerator()
            let nonce = (0..<4).flatMap { _ in
                let word = random.next()
                return (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * UInt64($0))) }
            }
            let instance = Statement.Value.text(Self.name(Int(written) % members))
            try state.run([
                .integer(written), .blob([UInt8](repeating: UInt8(truncatingIfNeeded: written), count: rows.state)),
                instance,
            ])
            try challenge.run([.blob(nonce), .integer(1_790_000_000 + written)])
            try grant.run([
                .text("jti of a grant, \(written)"), instance, .text(String(repeating: "g", count: rows.compact)),
                .integer(1_790_000_000 + written),
            ])
            for _ in 0..<rows.entriesPerGrant {
                try entry.run([.integer(entries), .blob([UInt8](repeating: 0x65, count: rows.entry))])
                entries += 1
            }
            for _ in 0..<rows.nodesPerGrant {
                try node.run([.integer(nodes & 1), .integer(nodes >> 1), .blob(nonce)])
                nodes += 1
            }
        }
        try head.run([.integer(entries), .blob([UInt8](repeating: 0x63, count: rows.checkpoint))])
        try database.execute("COMMIT")
        return true
    }
}
