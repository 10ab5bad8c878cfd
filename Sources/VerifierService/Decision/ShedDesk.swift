import HTTPService
import Logging
import Messages
import UpdateTrust
import VerifierStore

/// What decisions rested on, shed when it was kept long enough.
extension Verifier {
    /// How many decisions one entry of the ledger speaks of at most.
    static let shedGroup = 512

    /// Sheds a group of what is older than the configuration says; the next call goes on where this one ended.
    ///
    /// By whole days (UTC), so that a day's decisions are one entry or a few, and not one each.
    func shed() async throws {
        guard let days = materials.configuration.limits.archiveDays else { return }
        let day: Int64 = 86_400
        let until = (clock.seconds - Int64(days) * day) / day * day
        let decisions = try await store.basesToShed(before: until, limit: Self.shedGroup)
        guard !decisions.isEmpty else { return }
        let entry = try WrittenEntry(
            LedgerEntry(
                at: clock.seconds,
                actor: Actor(.verifier, materials.configuration.name),
                body: .shedding(SheddingEntry(until: until, decisions))
            )
        )
        guard case .committed = try await committer.commit(.shedding(decisions, entry: entry)).outcome else {
            return metrics.count(.staleCommits)
        }
        logger.notice("evidence shed", metadata: ["decisions": "\(decisions.count)", "before": "\(until)"])
    }
}
