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

    /// The database of which something is left: in its place, or set aside by a run that was cut off.
    var lost: String? {
        if Self.isThere(database) { return database }
        let number = firstFree - 1
        return number > 0 ? aside(number) : nil
    }

    static func isThere(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

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
    /// - Returns: where the lost record lies now; `nil` when there is none.
    func swap() throws -> String? {
        var kept = lost
        if Self.isThere(database) {
            let path = aside(firstFree)
            try AtomicFile.move(database, to: path, existing: .keep)
            kept = path
        }
        for companion in Self.companions {
            // A log that stays would be read into the record that comes.
            if Self.isThere(database + companion), let kept {
                try AtomicFile.move(database + companion, to: kept + companion)
            }
            try AtomicFile.remove(database + companion)
            // What was closed in order has nothing in it.
            try AtomicFile.remove(staged + companion)
        }
        try AtomicFile.move(staged, to: database, existing: .keep)
        return kept
    }

    private func aside(_ number: Int) -> String { "\(database).lost-\(number)" }

    private var firstFree: Int {
        var number = 1
        while Self.isThere(aside(number)) { number += 1 }
        return number
    }
}
