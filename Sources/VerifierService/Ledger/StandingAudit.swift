import Ledger
import Messages
import UpdateTrust
import VerifierStore

/// Holds the record to what operators and decisions took back, as the ledger says it.
///
/// The ledger is signed, and what stands beside it is not: without this, whoever can write to the record gives a release or an instance back,
/// and only what comes of it shows that he did.
struct StandingAudit: Sendable {
    /// What does not fit.
    struct Fault: Error, Hashable, CustomStringConvertible {
        var description: String
    }

    let store: any VerifierStore

    /// An entry that withdraws a release.
    private struct Withdrawn {
        var isRecall: Bool
        var index: Int
    }

    /// What the ledger takes back, as far as it was read.
    private struct Taken {
        var withdrawn: [ContentDigest: Withdrawn] = [:]
        var stopped = StoppedInstances()
        var size = 0

        mutating func follow(_ entry: LedgerEntry) {
            if case .withdrawal(let body) = entry.body {
                let isRecalled = withdrawn[body.manifest]?.isRecall ?? false
                withdrawn[body.manifest] = Withdrawn(isRecall: isRecalled || body.recalled == true, index: size)
            }
            stopped.follow(entry, at: size)
            size += 1
        }
    }

    /// Reads the ledger, and then what it names, also while the service goes on.
    /// - Throws: `Fault`, or the store's error.
    func run() async throws {
        var taken = Taken()
        try await readOn(&taken)
        for (manifest, entry) in taken.withdrawn.sorted(by: { $0.value.index < $1.value.index }) {
            guard let release = try await store.release(manifest) else { continue }
            guard let kept = release.withdrawal, kept.isRecall || !entry.isRecall else {
                throw Fault(
                    description:
                        "entry \(entry.index) takes the release \(manifest) back, and the record has it as one that may be granted or run"
                )
            }
        }
        for (instance, stop) in taken.stopped.stops.sorted(by: { $0.value.index < $1.value.index }) {
            guard let kept = try await store.snapshot(of: instance, release: nil) else { continue }
            let lifecycle = kept.state.lifecycle
            guard !lifecycle.isHeld(by: stop.act) else { continue }
            // It may have been taken back since the ledger was read: then the entry that says so was written together with the state.
            try await readOn(&taken)
            guard taken.stopped.stops[instance] == stop else { continue }
            let verb = stop.act == .retire ? "retires" : "stops"
            throw Fault(
                description: "entry \(stop.index) \(verb) \(instance), and the record has it as \(lifecycle.rawValue)"
            )
        }
    }

    private func readOn(_ taken: inout Taken) async throws {
        try await store.walkLedger(from: taken.size) { _, logged in
            taken.follow(try LedgerEntry(parsing: logged.bytes))
        }
    }
}

extension Lifecycle {
    /// Whether an instance can stand here that was suspended or retired, and not taken back.
    fileprivate func isHeld(by act: OperatorAct.Kind) -> Bool {
        switch self {
        case .retired: true
        case .suspended, .reimaged: act != .retire
        case .born, .trusted, .rescue, .drifted: false
        }
    }
}
