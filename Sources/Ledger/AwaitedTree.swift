/// A tree as it was at some size, whose nodes are read from elsewhere, which may have to be waited for.
///
/// Nodes of complete subtrees never change, so any earlier tree can be read from a log that has grown since.
public struct AwaitedTree: Sendable {
    /// How large the tree is.
    public let tree: MerkleTree
    private let node: @Sendable (_ level: Int, _ index: Int) async throws -> TreeHash

    /// - Parameters:
    ///   - size: a size that the log has had.
    ///   - node: gives the hash of a complete subtree; its error is passed on.
    public init(
        size: Int,
        node: @escaping @Sendable (_ level: Int, _ index: Int) async throws -> TreeHash
    ) throws(LedgerFormatError) {
        tree = try MerkleTree(size: size)
        self.node = node
    }

    /// The root hash.
    public func root() async throws -> TreeHash {
        try await reading { node throws(Unread) in try tree.root(node: node) }
    }

    /// The path of the entry at `index`; `nil` when the tree has no such entry.
    public func inclusionPath(of index: Int) async throws -> [TreeHash]? {
        try await reading { node throws(Unread) in try tree.inclusionPath(of: index, node: node) }
    }

    /// The path that shows this tree to continue its own first `oldSize` entries; `nil` when it never had that size.
    public func consistencyPath(from oldSize: Int) async throws -> [TreeHash]? {
        try await reading { node throws(Unread) in try tree.consistencyPath(from: oldSize, node: node) }
    }

    /// The right edge, to append to.
    public func frontier() async throws -> TreeFrontier {
        try await reading { node throws(Unread) in try TreeFrontier(of: tree, node: node) }
    }

    private struct Place: Hashable {
        var level: Int
        var index: Int
    }

    /// A node that the first pass had not asked for: then what is computed depends on the hashes, which no path does.
    private struct Unread: Error {
        var place: Place
    }

    /// Works something out twice: first to learn which nodes it needs, then with them.
    private func reading<Value>(
        _ compute: ((_ level: Int, _ index: Int) throws(Unread) -> TreeHash) throws(Unread) -> Value
    ) async throws -> Value {
        var needed: [Place] = []
        _ = try compute { level, index in
            needed.append(Place(level: level, index: index))
            return .ofEmptyTree
        }
        var hashes: [Place: TreeHash] = [:]
        for place in needed { hashes[place] = try await node(place.level, place.index) }
        return try compute { level, index throws(Unread) in
            guard let hash = hashes[Place(level: level, index: index)] else {
                throw Unread(place: Place(level: level, index: index))
            }
            return hash
        }
    }
}
