/// The right edge of a growing tree: all that appending needs, one hash for each bit set in the size.
public struct TreeFrontier: Hashable, Sendable {
    /// The number of leaves.
    public private(set) var size: Int
    /// The complete subtrees the leaves divide into, from the largest, leftmost one.
    private var peaks: [TreeHash]

    /// A tree without leaves.
    public init() {
        size = 0
        peaks = []
    }

    /// Takes up a stored tree where it was left.
    ///
    /// - Parameter node: gives the stored hash of the complete subtree (level, index); its error is passed on.
    public init<Failure>(
        of tree: MerkleTree,
        node: (_ level: Int, _ index: Int) throws(Failure) -> TreeHash
    ) throws(Failure) {
        size = tree.size
        peaks = []
        var start = 0
        for level in stride(from: Int.bitWidth - 2, through: 0, by: -1) where tree.size >> level & 1 == 1 {
            peaks.append(try node(level, start >> level))
            start += 1 << level
        }
    }

    /// Appends a leaf.
    ///
    /// - Returns: the complete subtrees that came to be, the leaf first: store them, and every root and proof of this
    ///   tree can be computed from what is stored.
    public mutating func append(_ leaf: TreeHash) -> [TreeNode] {
        var hash = leaf
        var level = 0
        var nodes = [TreeNode(level: 0, index: size, hash: leaf)]
        while size >> level & 1 == 1, let left = peaks.popLast() {
            hash = .node(left, hash)
            level += 1
            nodes.append(TreeNode(level: level, index: size >> level, hash: hash))
        }
        peaks.append(hash)
        size += 1
        return nodes
    }

    /// The root hash of the tree as it stands.
    public var root: TreeHash {
        guard var root = peaks.last else { return .ofEmptyTree }
        for peak in peaks.dropLast().reversed() { root = .node(peak, root) }
        return root
    }
}
