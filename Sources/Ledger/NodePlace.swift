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
}
