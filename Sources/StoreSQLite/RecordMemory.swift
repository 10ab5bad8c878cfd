import Messages
import Synchronization
import UpdateTrust
import VerifierStore

/// What decisions ask of the record again and again, as the last commit left it.
///
/// It may lag behind another process that writes the same file; then what is decided on it is `.stale` when it is to be
/// carried out, and that empties it.
final class RecordMemory: Sendable {
    fileprivate struct Contents {
        var states = BoundedDictionary<InstanceID, InstanceState>(limit: 4096)
        var standings = BoundedDictionary<ContentDigest, ReleaseStanding>(limit: 256)
        /// Of a release without a rollout, that is known too.
        var rollouts = BoundedDictionary<ContentDigest, Rollout?>(limit: 256)
        /// Logs are kept for ever.
        var logs = BoundedDictionary<ContentDigest, Bool>(limit: 4096)
    }

    private struct Memory {
        var contents = Contents()
        /// The size of the ledger after the last commit that was taken up.
        var size = 0
        /// Rises with everything that may have changed the record.
        var generation: UInt64 = 0
    }

    private let memory = Mutex(Memory())

    /// What a reader notes before it reads, so that nothing is kept that a commit has overtaken meanwhile.
    var generation: UInt64 { memory.withLock { $0.generation } }

    /// What a snapshot asks, in one view; `nil` when a part of it is not known.
    func snapshot(of instance: InstanceID, release: ContentDigest?) -> DecisionSnapshot? {
        memory.withLock { memory in
            guard let state = memory.contents.states[instance] else { return nil }
            var standings: ReleaseStandings = [:]
            for manifest in state.manifests + [release].compactMap({ $0 }) {
                guard let standing = memory.contents.standings[manifest] else { return nil }
                standings[manifest] = standing
            }
            var rollout: Rollout?
            if let release {
                guard let known = memory.contents.rollouts[release] else { return nil }
                rollout = known
            }
            return DecisionSnapshot(state: state, standings: standings, rollout: rollout)
        }
    }

    func holdsLog(_ digest: ContentDigest) -> Bool { memory.withLock { $0.contents.logs[digest] ?? false } }

    /// Keeps what was read, unless something has changed since the reader noted the generation.
    /// - Parameter release: the one whose rollout was asked.
    func keep(_ snapshot: DecisionSnapshot, of release: ContentDigest?, readAt generation: UInt64) {
        memory.withLock { memory in
            guard memory.generation == generation else { return }
            memory.contents.states.keep(snapshot.state, for: snapshot.state.instance)
            for (manifest, standing) in snapshot.standings { memory.contents.standings.keep(standing, for: manifest) }
            if let release { memory.contents.rollouts.keep(snapshot.rollout, for: release) }
        }
    }

    func keepLog(_ digest: ContentDigest) { memory.withLock { $0.contents.logs.keep(true, for: digest) } }

    /// Takes up a commit: the ledger's size says which of two came later.
    func committed(_ changes: [StoreChange], _ receipt: CommitReceipt, size: Int) {
        memory.withLock { memory in
            memory.generation += 1
            guard size >= memory.size, !receipt.outcomes.contains(.stale) else { return memory.contents = Contents() }
            memory.size = size
            for (change, outcome) in zip(changes, receipt.outcomes) {
                if case .committed = outcome { memory.contents.take(change) }
            }
            let halted = receipt.halted.map(\.rollout)
            for rollout in halted { memory.contents.takeLater(rollout) }
        }
    }

    /// Forgets everything: whether a commit was carried out is not known.
    func forget() {
        memory.withLock { memory in
            memory.generation += 1
            memory.contents = Contents()
        }
    }
}

extension RecordMemory.Contents {
    fileprivate mutating func take(_ change: StoreChange) {
        switch change {
        case .birth(let birth):
            states.keep(birth.transition.state, for: birth.transition.state.instance)
            for earlier in birth.earlier.map(\.transition.state) { states.keep(earlier, for: earlier.instance) }
            if let log = birth.log { logs.keep(true, for: log.digest) }
        case .decision(let decision):
            states.keep(decision.transition.state, for: decision.transition.state.instance)
            if let log = decision.log { logs.keep(true, for: log.digest) }
        case .act(let transition, _), .lapse(let transition, _, _), .restoration(_, let transition, _):
            states.keep(transition.state, for: transition.state.instance)
        case .release(let release, _, _): standings.keep(.registered, for: release.manifest)
        case .log(let log): logs.keep(true, for: log.digest)
        case .withdrawal(let manifest, let withdrawal, _):
            standings.keep(withdrawal.isRecall ? .recalled : .withdrawn, for: manifest)
        case .rollout(let change): takeLater(change.rollout)
        case .signed(let change, _): take(change)
        case .signatures, .policy, .bundle, .bundleFinished, .approval, .emergency, .shedding, .trust, .recovery: break
        // Who was concerned, the store alone knows.
        case .compromise: self = RecordMemory.Contents()
        }
    }

    /// Within a group a rollout may be halted and resumed: the higher revision is how it stands.
    fileprivate mutating func takeLater(_ rollout: Rollout) {
        if let known = rollouts[rollout.release], let known, known.revision > rollout.revision { return }
        rollouts.keep(rollout, for: rollout.release)
    }
}
