/// The rows of a ledger, written by SQLite alone: as many, as long, as those of a service's record.
final class BareLedger {
    /// What the entries of a record come to on the average.
    struct Rows {
        var entry: Int
        var checkpoint: Int
        var subject: Int
        /// Rows of the index for each hundred entries.
        var subjectsPerHundred: Int

        /// - Parameter first: the entry to begin with.
        init(of database: Database, from first: Int) throws {
            entry = try database.number("SELECT avg(length(bytes)) FROM ledger_entry WHERE number >= \(first)")
            checkpoint = try database.number("SELECT length(checkpoint) FROM ledger_head")
            subject = try database.number("SELECT avg(length(subject)) FROM ledger_subject WHERE number >= \(first)")
            let subjects = try database.number("SELECT count(*) FROM ledger_subject WHERE number >= \(first)")
            let entries = try database.number("SELECT count(*) FROM ledger_entry WHERE number >= \(first)")
            subjectsPerHundred = 100 * subjects / max(1, entries)
        }
    }

    private let rows: Rows
    private let release: [UInt8]
    private let entry: Statement
    private let subject: Statement
    private let node: Statement
    private let head: Statement
    private var noise = Noise()
    private var entries: Int64 = 0
    private var nodes: Int64 = 0
    private var subjects: Int64 = 0

    /// Writes into a database that has the tables of a record.
    init(_ rows: Rows, in database: Database) throws {
        self.rows = rows
        release = [UInt8](repeating: 0x72, count: rows.subject)
        entry = try database.prepare("INSERT INTO ledger_entry (number, bytes) VALUES (?, ?)")
        subject = try database.prepare("INSERT INTO ledger_subject (subject, number) VALUES (?, ?)")
        node = try database.prepare("INSERT INTO ledger_node (number, hash) VALUES (?, ?)")
        head = try database.prepare("UPDATE ledger_head SET size = ?, checkpoint = ?")
    }

    /// Writes entries about a member of the fleet, and what is kept of each: a tree has two nodes for an entry.
    func append(_ count: Int, about member: Int) throws {
        for _ in 0..<count {
            try entry.run([.integer(entries), .blob([UInt8](repeating: 0x65, count: rows.entry))])
            entries += 1
        }
        for _ in 0..<2 * count {
            try node.run([.integer(nodes), .blob(noise.bytes(32))])
            nodes += 1
        }
        // Whom entries are about comes in no order; besides that, they are about one release.
        let instance = subject(of: UInt64(member))
        var written: Int64 = 0
        while subjects < entries * Int64(rows.subjectsPerHundred) / 100 {
            let isOfInstance = written < count
            try subject.run([
                .blob(isOfInstance ? instance : release),
                .integer(entries - 1 - (isOfInstance ? written : written - Int64(count))),
            ])
            written += 1
            subjects += 1
        }
    }

    private func subject(of number: UInt64) -> [UInt8] {
        var noise = Noise(from: number)
        return noise.bytes(rows.subject)
    }

    /// Writes the end of the ledger, once in a transaction.
    func close() throws {
        try head.run([.integer(entries), .blob([UInt8](repeating: 0x63, count: rows.checkpoint))])
    }
}

/// Bytes in an order as good as none, for keys that are digests and nonces in earnest.
///
/// Not the system's random numbers: those ask the kernel for each word, and a floor that does so has work that nobody needs.
struct Noise {
    // Multiples of it lie all over the range, one far from the next (D. E. Knuth, "Sorting and Searching", 6.4).
    private static let step: UInt64 = 0x9E37_79B9_7F4A_7C15
    private var word: UInt64

    /// - Parameter start: from which of the multiples on.
    init(from start: UInt64 = 0) { word = Self.step &* start }

    mutating func bytes(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        while bytes.count < count {
            word &+= Self.step
            for shift in stride(from: 56, through: 0, by: -8) where bytes.count < count {
                bytes.append(UInt8(truncatingIfNeeded: word >> shift))
            }
        }
        return bytes
    }
}

extension Database {
    /// An empty database with the tables of another, written as durably as a verifier's.
    static func like(_ model: String, at path: String) throws -> Database {
        let database = try Database(path)
        try database.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
        let tables = try Database(model, readOnly: true)
            .prepare("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'")
            .rows { $0.text(0) }
        for table in tables { try database.execute(table) }
        try database.execute("INSERT INTO ledger_head (only, size) VALUES (1, 0)")
        return database
    }
}
