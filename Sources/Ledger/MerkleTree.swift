/// A complete subtree: 2^level leaves beginning at leaf index · 2^level.
public struct TreeNode: Hashable, Sendable {
    /// The height above the leaves, 0 for a leaf.
    public let level: Int
    /// The position among the complete subtrees of this level, from the left, from 0.
    public let index: Int
    public let hash: TreeHash

    /// Where it stands.
    public var place: NodePlace { NodePlace(level: level, index: index) }
}

/// Roots and proofs of the tree over the first `size` leaves, computed from its stored complete subtrees (RFC 9162).
///
/// Only complete subtrees are ever read, so a reader needs exactly the nodes that `TreeFrontier.append` gave out.
public struct MerkleTree: Sendable {
    /// The most leaves a tree may have: enough for ever, and far from where Int arithmetic could overflow.
    public static let maxSize = 1 << 60

    /// The number of leaves.
    public let size: Int

    /// A tree of the first `size` leaves; throws when the size is negative or beyond any real log.
    public init(size: Int) throws(LedgerFormatError) {
        guard (0...Self.maxSize).contains(size) else {
            throw LedgerFormatError(.tree, "\(size) is not a number of entries")
        }
        self.size = size
    }

    /// How many complete subtrees, leaves included, some leaves make: `TreeFrontier.append` gives out as many while they are appended.
    ///
    /// - Parameter leaves: at most `maxSize`, and no fewer than 0.
    public static func subtrees(ofLeaves leaves: Int) -> Int { 2 * leaves - leaves.nonzeroBitCount }

    /// The root hash.
    ///
    /// - Parameter node: gives the hash of the complete subtree (level, index); its error is passed on.
    public func root<Failure>(
        node: (_ level: Int, _ index: Int) throws(Failure) -> TreeHash
    ) throws(Failure) -> TreeHash {
        guard size > 0 else { return .ofEmptyTree }
        return try Self.hash(of: 0..<size, node: node)
    }

    /// The path that shows the leaf at `index` to be in this tree (RFC 9162 section 2.1.3.1), nearest sibling first.
    ///
    /// - Returns: nil when the tree has no such leaf.
    public func inclusionPath<Failure>(
        of index: Int,
        node: (_ level: Int, _ index: Int) throws(Failure) -> TreeHash
    ) throws(Failure) -> [TreeHash]? {
        guard (0..<size).contains(index) else { return nil }
        var range = 0..<size
        var path: [TreeHash] = []
        while range.count > 1 {
            let middle = Self.split(range)
            if index < middle {
                path.append(try Self.hash(of: middle..<range.upperBound, node: node))
                range = range.lowerBound..<middle
            } else {
                path.append(try Self.hash(of: range.lowerBound..<middle, node: node))
                range = middle..<range.upperBound
            }
        }
        path.reverse()
        return path
    }

    /// The path that shows this tree to continue its own first `oldSize` leaves (RFC 9162 section 2.1.4.1).
    ///
    /// - Returns: nil when `oldSize` is not a size this tree has had.
    public func consistencyPath<Failure>(
        from oldSize: Int,
        node: (_ level: Int, _ index: Int) throws(Failure) -> TreeHash
    ) throws(Failure) -> [TreeHash]? {
        guard (0...size).contains(oldSize) else { return nil }
        guard oldSize > 0, oldSize < size else { return [] }
        var range = 0..<size
        var path: [TreeHash] = []
        while range.upperBound != oldSize {
            let middle = Self.split(range)
            if oldSize <= middle {
                path.append(try Self.hash(of: middle..<range.upperBound, node: node))
                range = range.lowerBound..<middle
            } else {
                path.append(try Self.hash(of: range.lowerBound..<middle, node: node))
                range = middle..<range.upperBound
            }
        }
        // A subtree that begins at leaf 0 is the old root itself, which the verifier holds.
        if range.lowerBound != 0 { path.append(try Self.hash(of: range, node: node)) }
        path.reverse()
        return path
    }

    /// Where RFC 9162 divides a tree: the largest power of two smaller than its number of leaves.
    private static func split(_ range: Range<Int>) -> Int {
        range.lowerBound + (1 << (Int.bitWidth - 1 - (range.count - 1).leadingZeroBitCount))
    }

    /// The hash over leaves that begin where a subtree of at least their number begins.
    private static func hash<Failure>(
        of range: Range<Int>,
        node: (_ level: Int, _ index: Int) throws(Failure) -> TreeHash
    ) throws(Failure) -> TreeHash {
        // The range is its complete subtrees from large to small; they join from the right.
        var remaining = range.count
        var end = range.upperBound
        var result: TreeHash?
        while remaining > 0 {
            let level = remaining.trailingZeroBitCount
            let hash = try node(level, (end >> level) - 1)
            result = result.map { .node(hash, $0) } ?? hash
            end -= 1 << level
            remaining &= remaining - 1
        }
        return result ?? .ofEmptyTree
    }
}
