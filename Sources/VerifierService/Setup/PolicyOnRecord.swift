import HTTPService
import Ledger
import Messages
import UpdateTrust
import VerifierStore

/// The policy that is in force by the record, and the entry by which it came into force.
struct PolicyOnRecord: Sendable {
    let policy: StoredPolicy
    /// The entry's place on the ledger.
    let index: Int
    let entry: LedgerEntry

    /// Reads it; `nil` while no policy has come into force.
    /// - Throws: `StoreError`, `MessageError`, or `SetupError` when the ledger does not say how it came into force.
    static func read(_ store: any VerifierStore) async throws -> PolicyOnRecord? {
        guard let policy = try await store.policy() else { return nil }
        guard let (index, entry) = try await lastEntry(bringing: policy.digest, before: .max, store) else {
            throw SetupError(
                .environment,
                "the ledger does not say how the policy \(policy.digest) on record came into force",
                hint: "restore the latest backup of the record"
            )
        }
        return PolicyOnRecord(policy: policy, index: index, entry: entry)
    }

    /// Whether a policy was in force before one or more acts of operators, and nothing but acts has replaced it since.
    ///
    /// Then a file that holds it is older than those acts: the file was never changed after the first of them.
    func wasReplacedByActs(_ file: ContentDigest, _ store: any VerifierStore) async throws -> Bool {
        var (index, entry) = (self.index, self.entry)
        while entry.actor.kind == .operator, case .policy(let body) = entry.body, let replaced = body.replaces {
            guard replaced != file else { return true }
            guard let earlier = try await Self.lastEntry(bringing: replaced, before: index, store) else { return false }
            (index, entry) = earlier
        }
        return false
    }

    private static func lastEntry(
        bringing policy: ContentDigest,
        before end: Int,
        _ store: any VerifierStore
    ) async throws -> (index: Int, entry: LedgerEntry)? {
        guard let last = try await store.lastLedgerEntry(about: .policy(policy), before: end) else { return nil }
        return (last.index, try LedgerEntry(parsing: last.entry.bytes))
    }
}
