import FoundationEssentials
import Messages
import StoreSQLite
import UpdateTrust
import VerifierService
import VerifierStore

/// Entries appended and checkpointed by the store, in groups of several sizes, against their rows written by SQLite alone.
///
/// Each entry comes with the state of the instance that it is about, as every entry about an instance does: an operator suspends
/// and reinstates a fleet.
enum AppendBench {
    static let suites = [Suite(name: "ledger-append", in: .ledger, minutes: 0.3, run: run)]

    private static let groups = [1, 16, 256]
    private static let rounds = 20
    private static let actsPerRound = 512

    private static func run(_ name: String) async throws -> [Measurement] {
        let fleet = try Fleet()
        return try await withTemporaryDirectory { directory in
            let record = try await FleetRecord.make(
                in: directory + "/verifier",
                fleet: fleet,
                members: groups.max() ?? 1
            )
            var writer = try await ActWriter(record)
            // An index of a record that has had no act yet knows nothing of how long such entries are.
            _ = try await writer.write(actsPerRound, group: 16)
            var results: [Measurement] = []
            for group in groups {
                results += try await measure(name, &writer, group, at: "\(directory)/bare-\(group).sqlite")
            }
            try writer.close()
            return results
        }
    }

    private static func measure(
        _ name: String,
        _ writer: inout ActWriter,
        _ group: Int,
        at path: String
    ) async throws -> [Measurement] {
        let bare = try BareAct(at: path, like: writer.record.file, members: writer.record.members)
        var (cost, rate) = ([Samples(), Samples()], [Samples(), Samples()])
        for round in 0..<rounds {
            for index in round.isMultiple(of: 2) ? [0, 1] : [1, 0] {
                let times =
                    if index == 0 {
                        try await writer.write(actsPerRound, group: group)
                    } else {
                        try await bare.write(actsPerRound, group: group)
                    }
                cost[index].append(times.processor / Double(actsPerRound))
                rate[index].append(Double(actsPerRound) / times.seconds)
            }
        }
        let note = "the rows by SQLite alone; one transaction and checkpoint for \(group)"
        return [
            Measurement("\(name)-by-\(group)", cost[0], against: cost[1], aim: nil, note: note),
            Measurement("\(name)-by-\(group)-rate", rate[0], against: rate[1], unit: "1/s", aim: nil, note: note),
        ]
    }
}

/// How long some work took.
struct WorkTimes {
    /// Seconds that passed.
    var seconds: Double
    /// Microseconds of processor time, of all threads.
    var processor: Double

    /// Does it.
    static func of(_ work: () async throws -> Void) async throws -> WorkTimes {
        let (start, processor) = (ContinuousClock.now, CPUClock.process.now)
        try await work()
        return WorkTimes(
            seconds: (ContinuousClock.now - start) / .seconds(1),
            processor: Double(CPUClock.process.now - processor) / 1_000
        )
    }
}

/// An operator's acts, carried out by the store.
private struct ActWriter {
    let record: FleetRecord
    private let store: SQLiteStore
    private var states: [InstanceState]
    private var next = 0

    init(_ record: FleetRecord) async throws {
        self.record = record
        store = try SQLiteStore.open(at: record.file)
        states = []
        for number in 0..<record.members {
            let instance = try FleetMember(number, of: record.fleet).record.instance
            guard let snapshot = try await store.snapshot(of: instance, release: nil) else {
                throw WrongResult(name: "instances on record", wrong: 1, of: record.members)
            }
            states.append(snapshot.state)
        }
    }

    func close() throws { try store.close() }

    /// Carries out so many; what is written is made before the clock starts.
    mutating func write(_ count: Int, group: Int) async throws -> WorkTimes {
        let sealer = LedgerSealer(record.materials.checkpointSigner)
        var groups: [[StoreChange]] = []
        for start in stride(from: 0, to: count, by: group) {
            groups.append(try (start..<min(start + group, count)).map { _ in try change() })
        }
        let store = store
        return try await WorkTimes.of {
            for changes in groups {
                let receipt = try await store.commit(changes, sealer: sealer)
                let wrong = receipt.outcomes.filter { if case .committed = $0 { false } else { true } }.count
                guard wrong == 0 else { throw WrongResult(name: "acts", wrong: wrong, of: changes.count) }
            }
        }
    }

    private mutating func change() throws -> StoreChange {
        let place = next % states.count
        next += 1
        let state = states[place]
        let kind: OperatorAct.Kind = state.lifecycle == .suspended ? .reinstate : .suspend
        let act = OperatorAct(kind, by: record.materials.configuration.name, reason: try Remark(bench: "a drill"))
        let now = Int64(Date().timeIntervalSince1970)
        guard case .applied(let transition) = try act.apply(to: state, at: now), transition.entries.count == 1 else {
            throw WrongResult(name: "an act of one entry", wrong: 1, of: 1)
        }
        states[place] = transition.state
        return .act(transition, replacing: state.version)
    }
}

/// The same rows by SQLite alone.
private final class BareAct {
    private let database: Database
    private let ledger: BareLedger
    private let state: Statement
    private let body: Int
    private let members: Int
    private var written: Int64 = 0

    init(at path: String, like model: String, members: Int) throws {
        self.members = members
        let source = try Database(model, readOnly: true)
        body = try source.number("SELECT avg(length(body)) FROM state")
        let first = try source.number("SELECT count(*) FROM birth") + 2
        database = try Database.like(model, at: path)
        ledger = try BareLedger(BareLedger.Rows(of: source, from: first), in: database)
        let fresh = try database.prepare("INSERT INTO state (instance, version, body) VALUES (?, 0, ?)")
        for member in 0..<members {
            try fresh.run([.text("instance \(member)"), .blob([UInt8](repeating: 0x20, count: body))])
        }
        state = try database.prepare("UPDATE state SET version = ?, body = ? WHERE instance = ?")
    }

    func write(_ count: Int, group: Int) async throws -> WorkTimes {
        try await WorkTimes.of {
            for first in stride(from: 0, to: count, by: group) {
                try database.execute("BEGIN IMMEDIATE")
                for _ in first..<min(first + group, count) { try write() }
                try ledger.close()
                try database.execute("COMMIT")
            }
        }
    }

    private func write() throws {
        written += 1
        let instance = "instance \(Int(written) % members)"
        try state.run([.integer(written), .blob([UInt8](repeating: 0x20, count: body)), .text(instance)])
        try ledger.append(1, about: Int(written) % members)
    }
}
