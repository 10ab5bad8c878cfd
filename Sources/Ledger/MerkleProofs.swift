/// The most hashes any path can have: one for each level of the largest tree, and one.
let maxPathLength = 61

/// A proof that a leaf stands at one place of a tree (RFC 9162 section 2.1.3).
public struct InclusionProof: Hashable, Sendable {
    /// The leaf's place, from 0.
    public let index: Int
    /// The number of leaves of the tree.
    public let size: Int
    /// The sibling hashes, nearest the leaf first.
    public let path: [TreeHash]

    public init(index: Int, size: Int, path: [TreeHash]) {
        self.index = index
        self.size = size
        self.path = path
    }

    /// Whether a tree with this root has this leaf at `index` (RFC 9162 section 2.1.3.2).
    public func verifies(leaf: TreeHash, root: TreeHash) -> Bool {
        guard index >= 0, index < size, path.count <= maxPathLength else { return false }
        var node = index
        var last = size - 1
        var hash = leaf
        for sibling in path {
            guard last > 0 else { return false }
            if node & 1 == 1 || node == last {
                hash = .node(sibling, hash)
                // At the right edge the missing levels have no sibling: climb to where there is one.
                while node & 1 == 0, node != 0 {
                    node >>= 1
                    last >>= 1
                }
            } else {
                hash = .node(hash, sibling)
            }
            node >>= 1
            last >>= 1
        }
        return last == 0 && hash == root
    }
}

/// A proof that a larger tree continues a smaller one without changing it (RFC 9162 section 2.1.4).
public struct ConsistencyProof: Hashable, Sendable {
    /// The number of leaves of the earlier tree.
    public let oldSize: Int
    /// The number of leaves of the later tree.
    public let newSize: Int
    /// The hashes from which both roots follow, in the RFC's order.
    public let path: [TreeHash]

    public init(oldSize: Int, newSize: Int, path: [TreeHash]) {
        self.oldSize = oldSize
        self.newSize = newSize
        self.path = path
    }

    /// Whether the tree with the new root begins with the tree with the old root (RFC 9162 section 2.1.4.2).
    public func verifies(oldRoot: TreeHash, newRoot: TreeHash) -> Bool {
        guard oldSize >= 0, oldSize <= newSize, path.count <= maxPathLength else { return false }
        if oldSize == newSize { return path.isEmpty && oldRoot == newRoot }
        // Every tree continues the empty one; there is nothing to prove and only one root to have.
        if oldSize == 0 { return path.isEmpty && oldRoot == .ofEmptyTree }

        var path = path[...]
        // An old tree that is one complete subtree is itself the first hash, and is left out of the path.
        if oldSize & (oldSize - 1) == 0 { path.insert(oldRoot, at: path.startIndex) }
        guard let first = path.popFirst() else { return false }
        var node = oldSize - 1
        var last = newSize - 1
        while node & 1 == 1 {
            node >>= 1
            last >>= 1
        }
        var old = first
        var new = first
        for sibling in path {
            guard last > 0 else { return false }
            if node & 1 == 1 || node == last {
                old = .node(sibling, old)
                new = .node(sibling, new)
                while node & 1 == 0, node != 0 {
                    node >>= 1
                    last >>= 1
                }
            } else {
                new = .node(new, sibling)
            }
            node >>= 1
            last >>= 1
        }
        return last == 0 && old == oldRoot && new == newRoot
    }
}
