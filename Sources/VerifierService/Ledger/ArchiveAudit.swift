import Ledger
import Messages
import UpdateTrust
import VerifierStore
import Wording

/// Holds the archive to the ledger: what is kept is what entries name, and what is kept no more was shed with an entry.
struct ArchiveAudit: Sendable {
    /// How much there is.
    struct Report: Hashable, Sendable {
        /// Decisions whose basis is kept.
        var kept = 0
        /// Decisions whose basis was shed.
        var shed = 0
    }

    /// What does not fit.
    struct Fault: Error, Hashable, CustomStringConvertible {
        var description: String
    }

    let store: any VerifierStore

    /// Reads ledger and archive, also while the service goes on.
    /// - Throws: `Fault`, or the store's error.
    func run() async throws -> Report {
        var report = Report()
        var missing: [Int] = []
        try await store.walkLedger { index, logged in
            let entry = try LedgerEntry(parsing: logged.bytes)
            if case .shedding(let body) = entry.body { report.shed += body.count }
            guard let basis = entry.body.basis else { return }
            guard let kept = try await store.basis(of: ContentDigest(of: logged.bytes)) else {
                missing.append(index)
                return
            }
            guard ContentDigest(of: kept.basis.body) == basis else {
                throw Fault(description: "what entry \(index) rests on was changed")
            }
            report.kept += 1
        }
        guard missing.count <= report.shed else {
            throw Fault(
                description: """
                    what \(Counted.of(missing.count, "decision rests", "decisions rest")) on is not kept, and entries say so of \
                    \(report.shed); the first is of \
                    entry \(missing.first ?? 0)
                    """
            )
        }
        return report
    }
}
