import DurableFiles
import FoundationEssentials

/// Where a record lies that is put back, and the one that it takes the place of.
struct RecordPlaces: Sendable {
    /// The record's database.
    let database: String

    /// What SQLite keeps beside a database: commits that are not in it yet, and who reads them.
    private static let companions = ["-wal", "-shm"]

    /// Where the backup becomes a record again; nothing that is there is worth anything.
    var staged: String { database + ".restoring" }

    /// Whether a record is in its place, in whatever state.
    var holdsRecord: Bool { Self.isThere(database) }

    private static func isThere(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    /// Whether somebody has written to a database since it was made or closed in order.
    static func isInUse(_ path: String) -> Bool { companions.contains { isThere(path + $0) } }

    /// Removes what a run left that was cut off.
    func clear() throws {
        AtomicFile.sweep(writersOf: staged)
        for companion in [""] + Self.companions { try AtomicFile.remove(staged + companion) }
    }

    /// Sets the lost record aside and puts the staged one in its place.
    ///
    /// The database goes before its companions: while it is gone nothing is served, and the same again finishes it.
    /// - Returns: where the record lies that was set aside last; `nil` when there is none.
    func swap() throws -> String? {
        if holdsRecord { try AtomicFile.move(database, to: aside(asideCount + 1), existing: .keep) }
        // Set aside now, or by a run that was cut off.
        let kept = asideCount > 0 ? aside(asideCount) : nil
        for companion in Self.companions {
            // A log that stays would be read into the record that comes.
            if let kept, Self.isThere(database + companion), !Self.isThere(kept + companion) {
                try AtomicFile.move(database + companion, to: kept + companion, existing: .keep)
            }
            try AtomicFile.remove(database + companion)
            // What was closed in order has nothing in it.
            try AtomicFile.remove(staged + companion)
        }
        try AtomicFile.move(staged, to: database, existing: .keep)
        return kept
    }

    private func aside(_ number: Int) -> String { "\(database).lost-\(number)" }

    /// How many records were set aside, one after the other.
    private var asideCount: Int {
        var count = 0
        while Self.isThere(aside(count + 1)) { count += 1 }
        return count
    }
}
