import Ledger
import Messages
import UpdateTrust
import VerifierStore

/// Holds the record to what operators took back for good, as the ledger says it.
///
/// The ledger is signed, and what stands beside it is not: without this, whoever can write to the record gives a release or an instance back,
/// and only what comes of it shows that he did.
struct StandingAudit: Sendable {
    /// What does not fit.
    struct Fault: Error, Hashable, CustomStringConvertible {
        var description: String
    }

    let store: any VerifierStore

    private static let batch = 256

    /// An entry that withdraws a release.
    private struct Withdrawn {
        var isRecall: Bool
        var index: Int
    }

    /// Reads the ledger, and then what it names, also while the service goes on.
    /// - Throws: `Fault`, or the store's error.
    func run() async throws {
        var withdrawn: [ContentDigest: Withdrawn] = [:]
        var retired: [InstanceID: Int] = [:]
        var index = 0
        while true {
            let entries = try await store.ledgerEntries(index..<index + Self.batch)
            guard !entries.isEmpty else { break }
            for logged in entries {
                let entry = try LedgerEntry(parsing: logged.bytes)
                switch entry.body {
                case .withdrawal(let body):
                    let isRecalled = withdrawn[body.manifest]?.isRecall ?? false
                    withdrawn[body.manifest] = Withdrawn(
                        isRecall: isRecalled || body.recalled == true,
                        index: index
                    )
                case .act(let body):
                    if body.act == .retire, let instance = entry.instance { retired[instance] = index }
                default: break
                }
                index += 1
            }
        }
        for (manifest, entry) in withdrawn.sorted(by: { $0.value.index < $1.value.index }) {
            guard let release = try await store.release(manifest) else { continue }
            guard let kept = release.withdrawal, kept.isRecall || !entry.isRecall else {
                throw Fault(
                    description:
                        "entry \(entry.index) takes the release \(manifest) back, and the record has it as one that may be granted or run"
                )
            }
        }
        for (instance, entry) in retired.sorted(by: { $0.value < $1.value }) {
            guard let kept = try await store.snapshot(of: instance, release: nil) else { continue }
            guard kept.state.lifecycle == .retired else {
                let held = kept.state.lifecycle.rawValue
                throw Fault(description: "entry \(entry) retires \(instance), and the record has it as \(held)")
            }
        }
    }
}
