public import Ledger
import Messages
public import UpdateTrust

/// Follows a ledger from its first entry on, and holds it to what was signed, by whom, when, and to what was seen before.
public struct LedgerAuditor: Sendable {
    private let checkpoint: Checkpoint
    private let kept: VerifiedCheckpoint?
    private let witnessed: VerifiedCheckpoint?
    private let clockPutBack: Set<Int>
    private var tree = TreeFrontier()
    private var chains = EntryChains()
    private var latest: Int64 = 0
    /// Entries by their type.
    public private(set) var types: [String: Int] = [:]

    /// Seconds by which clocks may be apart; what is further back was written later than it says.
    public static let tolerance: Int64 = 900

    /// Why a ledger is not believed.
    public enum Refusal: Error, Hashable, Sendable {
        /// It does not continue what was seen, or is not what was signed.
        case log(LedgerRefusal)
        /// An entry is none, or its instance's chain is broken.
        case chain(EntryChains.Fault)
        /// The entries are not those that the checkpoint was signed over.
        case notSigned
        /// An entry says an earlier time than one before it, or than a witness had signed for what came before it.
        case backDated(index: Int, says: Int64, after: Int64)
        /// An entry says a later time than that at which a witness has signed for it.
        case postDated(index: Int, says: Int64, signed: Int64)
    }

    /// - Parameters:
    ///   - checkpoint: the one that is offered; its signature was judged.
    ///   - kept: the one that was seen last.
    ///   - witnessed: the newest one that enough witnesses have signed.
    ///   - clockPutBack: the entries at which the verifier's clock is known to have been put back, by somebody's word.
    public init(
        of checkpoint: Checkpoint,
        kept: VerifiedCheckpoint?,
        witnessed: VerifiedCheckpoint?,
        clockPutBack: Set<Int> = []
    ) throws(Refusal) {
        self.checkpoint = checkpoint
        self.kept = kept
        self.witnessed = witnessed
        self.clockPutBack = clockPutBack
        for seen in [kept, witnessed].compactMap({ $0?.checkpoint }) where seen.size > checkpoint.size {
            throw .log(.truncated(seen: seen.size, offered: checkpoint.size))
        }
    }

    /// The number of entries that were followed.
    public var size: Int { tree.size }
    /// The number of instances that they are of.
    public var instances: Int { chains.ends.count }

    /// Takes the next entry.
    public mutating func follow(_ entry: LogEntry) throws(Refusal) {
        let index = tree.size
        let read: LedgerEntry
        do {
            read = try chains.follow(entry.bytes, at: index)
        } catch {
            throw .chain(error)
        }
        types[read.body.type, default: 0] += 1
        if clockPutBack.contains(index) { latest = read.at }
        try holdToTime(read, at: index)
        latest = max(latest, read.at)
        _ = tree.append(entry.leafHash)
        try holdToTree()
    }

    private func holdToTime(_ entry: LedgerEntry, at index: Int) throws(Refusal) {
        // What came after the kept checkpoint was written after its witnesses signed that.
        var earliest = latest
        if let kept, index >= kept.checkpoint.size, !clockPutBack.contains(index) {
            earliest = max(earliest, Int64(kept.cosignatures.values.max() ?? 0))
        }
        guard entry.at &+ Self.tolerance >= earliest else {
            throw .backDated(index: index, says: entry.at, after: earliest)
        }
        if let witnessed, index < witnessed.checkpoint.size, let signed = witnessed.cosignatures.values.min() {
            guard entry.at &- Self.tolerance <= Int64(signed) else {
                throw .postDated(index: index, says: entry.at, signed: Int64(signed))
            }
        }
    }

    private func holdToTree() throws(Refusal) {
        for seen in [kept, witnessed].compactMap({ $0?.checkpoint }) where seen.size == tree.size {
            guard seen.root == tree.root else {
                throw .log(.forked(seen: seen.size, offered: checkpoint.size))
            }
        }
        guard tree.size < checkpoint.size || tree.root == checkpoint.root else { throw .notSigned }
    }
}
