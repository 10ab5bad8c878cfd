import Ledger
import VerifierStore
import Wording

/// Holds the stored ledger to its own checkpoint: every entry to its leaf, every node to its children, the root to what was signed.
struct LedgerAudit: Sendable {
    /// What does not fit; nothing may be served on top of it.
    struct Fault: Error, Hashable, CustomStringConvertible {
        var description: String
        /// The first entry that is not what was signed for, where one can be named.
        var entry: Int?
    }

    let store: any VerifierStore
    /// The keys of the ledger: one, or two while one follows the other.
    let keys: [VerifierKey]

    /// Reads the whole ledger.
    /// - Returns: the number of entries.
    /// - Throws: `Fault`, or the store's error.
    func run() async throws -> Int {
        let head = try await store.ledgerHead()
        guard let bytes = head.checkpoint else {
            guard head.size == 0, try await store.ledgerEntries(0..<1).isEmpty else {
                throw Fault(description: "the ledger has entries and no checkpoint over them")
            }
            return 0
        }
        let checkpoint = try verified(bytes)
        guard checkpoint.size == head.size else {
            throw Fault(
                description:
                    "the checkpoint is over \(Counted.of(checkpoint.size, "entry", "entries")), the ledger counts \(head.size)"
            )
        }
        let root = try await hashed(upTo: head.size)
        guard root == checkpoint.root else {
            throw Fault(
                description: """
                    the tree of \(Counted.of(head.size, "entry", "entries")) is sound in itself, but its root is not the signed one: \
                    entries were replaced together with their hashes
                    """
            )
        }
        // The service may append while this reads; then its head has moved as well.
        let beyond = try await store.ledgerEntries(head.size..<head.size + 1)
        let grown = try await store.ledgerHead().size > head.size
        guard beyond.isEmpty || grown else {
            throw Fault(description: "entry \(head.size) stands behind the end of the ledger", entry: head.size)
        }
        return head.size
    }

    private func verified(_ bytes: [UInt8]) throws -> Checkpoint {
        do {
            return try SignedCheckpoint(parsing: bytes).verify(logKeys: keys).get().checkpoint
        } catch {
            throw Fault(description: "the stored checkpoint does not hold: \(error)")
        }
    }

    /// The root over the stored entries, each subtree compared with the stored one on the way.
    private func hashed(upTo size: Int) async throws -> TreeHash {
        var frontier = TreeFrontier()
        while frontier.size < size {
            let first = frontier.size
            let entries = try await store.ledgerEntries(first..<min(first + LedgerBatch.count, size))
            guard entries.count == min(LedgerBatch.count, size - first) else {
                let missing = first + entries.count
                throw Fault(description: "entry \(missing) of \(size) is missing", entry: missing)
            }
            try await compare(entries.map(\.leafHash), from: first, &frontier)
        }
        return frontier.root
    }

    private func compare(_ leaves: [TreeHash], from first: Int, _ frontier: inout TreeFrontier) async throws {
        let stored = try await store.ledgerNodes(completedBy: first..<first + leaves.count)
        let nodes = leaves.flatMap { frontier.append($0) }
        // A leaf comes before what was computed of it.
        for (offset, node) in nodes.enumerated() where offset >= stored.count || stored[offset] != node.hash {
            guard node.level > 0 else {
                throw Fault(
                    description: "entry \(node.index) is not the one that was appended: its hash is another",
                    entry: node.index
                )
            }
            throw Fault(
                description: """
                    the stored tree differs from its entries at level \(node.level), between entries \
                    \(node.index << node.level) and \((node.index + 1) << node.level)
                    """
            )
        }
    }
}
