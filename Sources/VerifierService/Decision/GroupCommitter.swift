import HTTPService
import Logging
import Synchronization
import UpdateTrust
import VerifierStore

/// Lets changes that wait at the same time share one transaction, one synchronisation of the disk and one checkpoint.
actor GroupCommitter {
    /// What became of one change.
    struct Result: Sendable {
        var outcome: StoreOutcome
        /// The ledger after the change's group; `nil` when the group appended nothing.
        var ledger: SealedLedger?
    }

    /// The answer did not come in time; the change may be carried out or not.
    struct Late: Error {}

    /// The most changes in one transaction: enough to share the disk, few enough that the first does not wait long.
    static let maximumGroup = 64

    private let store: any VerifierStore
    private let sealer: LedgerSealer
    private let metrics: Metrics
    private let logger: Logger
    private let patience: Duration
    // Owned by the actor.
    private var waiting: [Waiter] = []
    private var isCommitting = false
    private var underWay: (group: [Waiter], due: ContinuousClock.Instant)?

    init(store: any VerifierStore, sealer: LedgerSealer, metrics: Metrics, logger: Logger, patience: Duration) {
        self.store = store
        self.sealer = sealer
        self.metrics = metrics
        self.logger = logger
        self.patience = patience
    }

    /// Carries out a change, and returns once it is durable.
    /// - Throws: `StoreError`, or `Late`; after either nothing may be concluded.
    func commit(_ change: StoreChange) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            waiting.append(Waiter(change, continuation))
            guard !isCommitting else { return }
            isCommitting = true
            Task { await drain() }
        }
    }

    private func drain() async {
        let first = ContinuousClock.now + patience
        let watch = Task { [weak self] in
            var due = first
            while true {
                try await Task.sleep(until: due)
                guard let next = await self?.look() else { return }
                due = next
            }
        }
        while !waiting.isEmpty {
            let group = Array(waiting.prefix(Self.maximumGroup))
            waiting.removeFirst(group.count)
            underWay = (group, ContinuousClock.now + patience)
            await carryOut(group)
        }
        underWay = nil
        watch.cancel()
        isCommitting = false
    }

    /// Gives up on the group that is under way when it is late.
    /// - Returns: when to look again.
    private func look() -> ContinuousClock.Instant {
        let now = ContinuousClock.now
        guard let (group, due) = underWay else { return now + patience }
        guard due <= now else { return due }
        giveUp(on: group)
        underWay = (group, now + patience)
        return now + patience
    }

    private func carryOut(_ group: [Waiter]) async {
        let start = ContinuousClock.now
        do {
            let receipt = try await store.commit(group.map(\.change), sealer: sealer)
            metrics.observe(.commitGroup, Double(group.count))
            metrics.observe(.commitSeconds, (ContinuousClock.now - start) / .seconds(1))
            for halt in receipt.halted {
                metrics.count(.rolloutHalts)
                logger.warning(
                    "rollout halted",
                    metadata: ["release": "\(halt.rollout.release)", "reason": "\(halt.rollout.reason)"]
                )
            }
            if let ledger = receipt.ledger { metrics.set(.ledgerSize, to: Double(ledger.size)) }
            for (waiter, outcome) in zip(group, receipt.outcomes) {
                waiter.resume(returning: Result(outcome: outcome, ledger: receipt.ledger))
            }
        } catch {
            metrics.count(.commitFailures)
            logger.error(
                "commit failed",
                metadata: ["error": "\(error.message)", "hint": "\(error.hint ?? "")", "changes": "\(group.count)"]
            )
            for waiter in group { waiter.resume(throwing: error) }
        }
    }

    /// A disk that hangs must not hang those who wait for it, nor those who wait behind them.
    private func giveUp(on group: [Waiter]) {
        logger.error(
            "commit is late",
            metadata: [
                "changes": "\(group.count)", "waiting": "\(waiting.count)",
                "hint": "the disk does not answer; who asked is told to ask again",
            ]
        )
        for waiter in group + waiting { waiter.resume(throwing: Late()) }
        waiting = []
    }
}

/// A change and who waits for it.
private final class Waiter: Sendable {
    let change: StoreChange
    private let continuation: Mutex<CheckedContinuation<GroupCommitter.Result, any Error>?>

    init(_ change: StoreChange, _ continuation: CheckedContinuation<GroupCommitter.Result, any Error>) {
        self.change = change
        self.continuation = Mutex(continuation)
    }

    func resume(returning result: GroupCommitter.Result) { take()?.resume(returning: result) }

    func resume(throwing error: any Error) { take()?.resume(throwing: error) }

    /// Whoever comes second finds nobody.
    private func take() -> CheckedContinuation<GroupCommitter.Result, any Error>? {
        continuation.withLock { waiting in
            defer { waiting = nil }
            return waiting
        }
    }
}
