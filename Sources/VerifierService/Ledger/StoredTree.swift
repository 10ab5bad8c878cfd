import Ledger
import VerifierStore

/// The stored tree as it was at some size: nodes of complete subtrees never change, so any earlier tree can still be read.
struct StoredTree: Sendable {
    let store: any VerifierStore
    let tree: MerkleTree

    private struct Place: Hashable {
        var level: Int
        var index: Int
    }

    init(_ store: any VerifierStore, size: Int) throws {
        self.store = store
        tree = try MerkleTree(size: size)
    }

    func root() async throws -> TreeHash {
        try await reading { node in try tree.root(node: node) }
    }

    /// The path of the entry at `index`; `nil` when the tree has no such entry.
    func inclusionPath(of index: Int) async throws -> [TreeHash]? {
        try await reading { node in try tree.inclusionPath(of: index, node: node) }
    }

    /// Works something out twice: first to learn which nodes it needs, then with them; reading may wait in between.
    private func reading<Value>(
        _ compute: ((_ level: Int, _ index: Int) throws -> TreeHash) throws -> Value
    ) async throws -> Value {
        var needed: [Place] = []
        _ = try compute { level, index in
            needed.append(Place(level: level, index: index))
            return .ofEmptyTree
        }
        var hashes: [Place: TreeHash] = [:]
        for place in needed {
            guard let hash = try await store.ledgerNode(level: place.level, index: place.index) else {
                throw MissingNode(level: place.level, index: place.index)
            }
            hashes[place] = hash
        }
        return try compute { level, index in
            guard let hash = hashes[Place(level: level, index: index)] else {
                throw MissingNode(level: level, index: index)
            }
            return hash
        }
    }
}
