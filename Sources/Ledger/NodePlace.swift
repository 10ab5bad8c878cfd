/// Where a complete subtree stands: it has 2^level leaves and begins at leaf index · 2^level.
public struct NodePlace: Hashable, Sendable {
    /// The height above the leaves, 0 for a leaf.
    public let level: Int
    /// The position among the complete subtrees of this level, from the left, from 0.
    public let index: Int

    public init(level: Int, index: Int) {
        self.level = level
        self.index = index
    }

    /// Its number among all complete subtrees, from 0, in the order in which a tree that grows completes them; `nil` where no tree has one.
    ///
    /// A leaf is followed by the subtrees that it completes, from the smallest, as golang.org/x/mod/sumdb/tlog numbers what it stores.
    public var number: Int? {
        guard level >= 0, index >= 0, index < MerkleTree.maxSize >> level else { return nil }
        let lastLeaf = ((index + 1) << level) - 1
        return MerkleTree.subtrees(ofLeaves: lastLeaf) + level
    }
}
