/// A tree as it was at some size, whose nodes are read from elsewhere, which may have to be waited for.
///
/// Nodes of complete subtrees never change, so any earlier tree can be read from a log that has grown since.
public struct AwaitedTree: Sendable {
    /// How large the tree is.
    public let tree: MerkleTree
    private let nodes: @Sendable ([NodePlace]) async throws -> [TreeHash]

    /// - Parameters:
    ///   - size: a size that the log has had.
    ///   - nodes: gives the hashes of complete subtrees, all that one answer needs at once; its error is passed on.
    public init(
        size: Int,
        nodes: @escaping @Sendable ([NodePlace]) async throws -> [TreeHash]
    ) throws(LedgerFormatError) {
        tree = try MerkleTree(size: size)
        self.nodes = nodes
    }

    /// The same, of hashes that are had one by one.
    public init(
        size: Int,
        node: @escaping @Sendable (_ level: Int, _ index: Int) async throws -> TreeHash
    ) throws(LedgerFormatError) {
        try self.init(size: size) { places in
            var hashes: [TreeHash] = []
            for place in places { hashes.append(try await node(place.level, place.index)) }
            return hashes
        }
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

    /// A node that the first pass had not asked for: then what is computed depends on the hashes, which no path does.
    private struct Unread: Error {
        var place: NodePlace
    }

    /// Works something out twice: first to learn which nodes it needs, then with them.
    private func reading<Value>(
        _ compute: ((_ level: Int, _ index: Int) throws(Unread) -> TreeHash) throws(Unread) -> Value
    ) async throws -> Value {
        var needed: [NodePlace] = []
        _ = try compute { level, index in
            needed.append(NodePlace(level: level, index: index))
            return .ofEmptyTree
        }
        let hashes = Dictionary(zip(needed, try await nodes(needed))) { first, _ in first }
        return try compute { level, index throws(Unread) in
            guard let hash = hashes[NodePlace(level: level, index: index)] else {
                throw Unread(place: NodePlace(level: level, index: index))
            }
            return hash
        }
    }
}
