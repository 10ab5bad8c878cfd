import GRDB
import Synchronization

/// Copies the write-ahead log into the database beside the commits, by a connection of its own.
///
/// What SQLite does by itself it does inside of a commit, whoever waits for that; here it is left with the rest that came meanwhile. A
/// commit is durable without it, and a log that was not copied is read when the database is opened next.
final class Checkpoints: Sendable {
    private let queue: DatabaseQueue
    private let state = Mutex(State())

    private struct State {
        var commits = 0
        var isUnderWay = false
    }

    /// How many commits it waits for: more at a time keep the disk from the commits meanwhile.
    private static let commits = 8
    /// Pages of the log from which a commit copies them itself: as many as there are when the disk is too slow for both.
    static let limit = 4_000

    /// Opens the connection.
    init(of path: String) throws {
        var configuration = Configuration()
        configuration.label = "checkpoints"
        configuration.prepareDatabase { db in
            // What was copied is on the disk before the log begins anew.
            try db.execute(sql: "PRAGMA synchronous = FULL")
        }
        queue = try DatabaseQueue(path: path, configuration: configuration)
    }

    /// Takes note of a commit; now and then copying begins, and nobody waits for it.
    func noteCommit() {
        let isDue = state.withLock { state in
            state.commits += 1
            guard state.commits >= Self.commits, !state.isUnderWay else { return false }
            state = State(commits: 0, isUnderWay: true)
            return true
        }
        guard isDue else { return }
        queue.asyncWriteWithoutTransaction { [self] db in
            // What fails is tried again, and done by a commit in the end.
            _ = try? db.checkpoint(.passive)
            state.withLock { $0.isUnderWay = false }
        }
    }

    /// Closes the connection, once what is under way has ended.
    func close() throws { try queue.close() }
}
