public import Ledger
public import UpdateTrust

/// The right edge of the stored tree: all that appending to it and proving the appended needs.
public struct LedgerTail: Hashable, Sendable {
    /// The number of entries.
    public let size: Int
    let hashes: [NodePlace: TreeHash]

    /// The tail of an empty ledger.
    public static let empty = LedgerTail(size: 0, hashes: [:])

    init(size: Int, hashes: [NodePlace: TreeHash]) {
        self.size = size
        self.hashes = hashes
    }

    /// Takes up a stored tree.
    /// - Parameter node: gives the stored hash of a complete subtree; its error is passed on.
    public init(size: Int, node: (_ level: Int, _ index: Int) throws -> TreeHash) throws {
        var hashes: [NodePlace: TreeHash] = [:]
        _ = try TreeFrontier(of: MerkleTree(size: size)) { level, index in
            let hash = try node(level, index)
            hashes[NodePlace(level: level, index: index)] = hash
            return hash
        }
        self.init(size: size, hashes: hashes)
    }
}

/// Appends entries to the tree and signs the checkpoint over it.
///
/// A store calls it inside its transaction: the checkpoint becomes durable with the entries it speaks for, and nobody
/// outside sees it before.
public struct LedgerSealer: Sendable {
    private let signer: CheckpointSigner

    /// Seals with a ledger's key.
    public init(_ signer: CheckpointSigner) { self.signer = signer }

    /// The ledger after some entries.
    public func seal(_ tail: LedgerTail, appending entries: [WrittenEntry]) throws -> SealedLedger {
        var hashes = tail.hashes
        var frontier = try TreeFrontier(of: MerkleTree(size: tail.size)) { level, index throws(MissingNode) in
            guard let hash = hashes[NodePlace(level: level, index: index)] else {
                throw MissingNode(level: level, index: index)
            }
            return hash
        }
        var nodes: [TreeNode] = []
        for entry in entries { nodes += frontier.append(.leaf(entry.bytes)) }
        for node in nodes { hashes[node.place] = node.hash }
        return SealedLedger(
            firstIndex: tail.size,
            size: frontier.size,
            nodes: nodes,
            checkpoint: try signer.sign(size: frontier.size, root: frontier.root),
            hashes: hashes
        )
    }
}

/// A node that the tree must have was not found: the stored tree is damaged.
public struct MissingNode: Error, Hashable, Sendable, CustomStringConvertible {
    var level: Int
    var index: Int

    /// A node that is missing.
    public init(level: Int, index: Int) {
        self.level = level
        self.index = index
    }

    public var description: String {
        "the ledger's tree has no node at level \(level), index \(index): it is damaged"
    }
}

/// The ledger after a group of changes.
public struct SealedLedger: Sendable {
    /// The index of the first entry appended.
    public let firstIndex: Int
    /// The number of entries now.
    public let size: Int
    /// The complete subtrees that came to be: to be stored.
    public let nodes: [TreeNode]
    /// The checkpoint over the tree: to be stored.
    public let checkpoint: SignedCheckpoint
    private let hashes: [NodePlace: TreeHash]

    init(
        firstIndex: Int,
        size: Int,
        nodes: [TreeNode],
        checkpoint: SignedCheckpoint,
        hashes: [NodePlace: TreeHash]
    ) {
        self.firstIndex = firstIndex
        self.size = size
        self.nodes = nodes
        self.checkpoint = checkpoint
        self.hashes = hashes
    }

    /// The tail to append to next.
    public var tail: LedgerTail {
        get throws {
            try LedgerTail(size: size) { level, index in try hash(level, index) }
        }
    }

    /// The proof of one of the entries appended.
    public func proof(of index: Int) throws -> LogProof {
        let path = try MerkleTree(size: size).inclusionPath(of: index) { level, index in try hash(level, index) }
        return LogProof(index: index, path: path ?? [], checkpoint: checkpoint)
    }

    private func hash(_ level: Int, _ index: Int) throws(MissingNode) -> TreeHash {
        guard let hash = hashes[NodePlace(level: level, index: index)] else {
            throw MissingNode(level: level, index: index)
        }
        return hash
    }
}
