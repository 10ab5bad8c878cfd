import CommandLineContract
import Ledger
import Messages
import UpdateTrust

/// Follows a ledger from its first entry on, and holds it to what was signed, by whom, when, and to what was seen before.
struct LedgerAuditor {
    private let checkpoint: Checkpoint
    private let kept: VerifiedCheckpoint?
    private let witnessed: VerifiedCheckpoint?
    private var tree = TreeFrontier()
    private var chains = EntryChains()
    private var latest: Int64 = 0
    /// Entries by their type.
    private(set) var types: [String: Int] = [:]

    /// Seconds by which clocks may be apart; what is further back was written later than it says.
    private static let tolerance: Int64 = 900

    /// - Throws: `CommandFailure` when less is there than was signed for before.
    init(of checkpoint: Checkpoint, kept: VerifiedCheckpoint?, witnessed: VerifiedCheckpoint?) throws(CommandFailure) {
        self.checkpoint = checkpoint
        self.kept = kept
        self.witnessed = witnessed
        for seen in [kept, witnessed].compactMap({ $0?.checkpoint }) where seen.size > checkpoint.size {
            throw CommandFailure.ledgerRefused(
                LedgerRefusal.truncated(seen: seen.size, offered: checkpoint.size).description
            )
        }
    }

    /// The number of entries that were followed.
    var size: Int { tree.size }
    /// The number of instances that they are of.
    var instances: Int { chains.ends.count }

    /// Takes the next entry.
    mutating func follow(_ entry: LogEntry) throws(CommandFailure) {
        let index = tree.size
        let read: LedgerEntry
        do {
            read = try chains.follow(entry.bytes, at: index)
        } catch {
            throw .ledgerRefused(error.description)
        }
        types[read.body.type, default: 0] += 1
        try holdToTime(read, at: index)
        latest = max(latest, read.at)
        _ = tree.append(entry.leafHash)
        try holdToTree()
    }

    private func holdToTime(_ entry: LedgerEntry, at index: Int) throws(CommandFailure) {
        // What came after the kept checkpoint was written after its witnesses signed that.
        let keptAt = kept.map { kept in index >= kept.checkpoint.size ? kept.cosignatures.values.max() ?? 0 : 0 } ?? 0
        let earliest = max(latest, Int64(keptAt))
        guard entry.at &+ Self.tolerance >= earliest else {
            throw CommandFailure.ledgerRefused(
                "entry \(index) says \(UTCTime.text(entry.at)), after \(UTCTime.text(earliest)): it is back-dated"
            )
        }
        if let witnessed, index < witnessed.checkpoint.size, let signed = witnessed.cosignatures.values.min() {
            guard entry.at &- Self.tolerance <= Int64(signed) else {
                throw CommandFailure.ledgerRefused(
                    "entry \(index) says \(UTCTime.text(entry.at)), and was signed for at \(UTCTime.text(Int64(signed)))"
                )
            }
        }
    }

    private mutating func holdToTree() throws(CommandFailure) {
        for seen in [kept, witnessed].compactMap({ $0?.checkpoint }) where seen.size == tree.size {
            guard seen.root == tree.root else {
                throw CommandFailure.ledgerRefused(
                    LedgerRefusal.forked(seen: seen.size, offered: checkpoint.size).description
                )
            }
        }
        guard tree.size < checkpoint.size || tree.root == checkpoint.root else {
            throw CommandFailure.ledgerRefused("the entries are not those that the checkpoint was signed over")
        }
    }
}
