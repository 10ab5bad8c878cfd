import HTTPService
import Logging
import Messages
import ServiceLifecycle
import UpdateTrust
import VerifierStore

/// Carries out what time and withdrawals do to instances that do not ask: ends their leases and notes grants that were not confirmed;
/// and has the archive shed what is old.
///
/// Nobody's trust depends on it: a lease that is over is over for every decision and for the status list whether its end was written down
/// or not. It is for the ledger, and for operators.
struct Sweeper: Service {
    let verifier: Verifier

    /// How long it waits when nothing is due.
    private static let pause = Duration.seconds(1)
    /// How many instances it takes at once: few, because decisions wait for the same disk.
    static let group = 8
    /// How many times as long as it worked it leaves processor and disk to others while more is due.
    private static let rest = 4
    private static let hint: Logger.MetadataValue =
        "nothing counts for longer by that; it is tried again each second, once the record can be written"

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while true {
                let start = ContinuousClock.now
                var swept = 0
                do {
                    swept = try await verifier.sweep()
                } catch let error as CancellationError {
                    throw error
                } catch {
                    verifier.logger.error(
                        "leases that are over stay on record",
                        metadata: ["error": "\(error)", "hint": Self.hint]
                    )
                }
                do {
                    try await verifier.shed()
                } catch let error as CancellationError {
                    throw error
                } catch {
                    verifier.logger.error(
                        "evidence that is old stays in the archive",
                        metadata: ["error": "\(error)", "hint": Self.hint]
                    )
                }
                let worked = ContinuousClock.now - start
                try await Task.sleep(for: swept == Self.group ? worked * Self.rest : Self.pause)
            }
        }
    }
}

extension Verifier {
    /// Takes up those that wait longest.
    /// - Returns: how many were due, at most `Sweeper.group`.
    func sweep() async throws -> Int {
        let due = try await store.due(at: clock.seconds, limit: Sweeper.group)
        try await withThrowingTaskGroup { group in
            for instance in due { group.addTask { try await self.lapse(instance) } }
            try await group.waitForAll()
        }
        return due.count
    }

    /// What moved meanwhile is due again, or not any more.
    private func lapse(_ instance: InstanceID) async throws {
        guard let snapshot = try await store.snapshot(of: instance, release: nil) else { return }
        let transition = try Transition.lapse(
            of: snapshot.state,
            standings: snapshot.standings,
            gatewayHolds: try await gatewayHolds(of: snapshot.state),
            at: clock.seconds,
            by: materials.configuration.name
        )
        let change = StoreChange.lapse(
            transition,
            replacing: snapshot.state.version,
            standings: snapshot.standings
        )
        guard case .committed = try await committer.commit(change).outcome else { return metrics.count(.staleCommits) }
        for written in transition.entries {
            switch written.entry.body {
            case .lease(let lease):
                metrics.count(.lapses, lease.cause.rawValue)
                logger.info("lease over", metadata: ["instance": "\(instance)", "cause": "\(lease.cause.rawValue)"])
            case .update(let update):
                metrics.count(.lapses, update.stage.rawValue)
                logger.notice(
                    "update",
                    metadata: [
                        "instance": "\(instance)", "grant": "\(update.jti)", "stage": "\(update.stage.rawValue)",
                    ]
                )
            default: break
            }
        }
    }
}
