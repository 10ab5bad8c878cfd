public import Ledger
public import VerifierClient

/// Holds entries to a checkpoint that was judged: what a verifier says of its ledger is worth what was signed.
public struct EntryProver: Sendable {
    private let checkpoint: Checkpoint
    private let tree: AwaitedTree

    /// - Parameters:
    ///   - client: gives the ledger's tiles.
    ///   - checkpoint: one whose signature was verified.
    public init(_ client: VerifierClient, _ checkpoint: Checkpoint) throws(LedgerFormatError) {
        self.checkpoint = checkpoint
        // Paths of neighbours have most of their tiles and nodes in common.
        let tiles = TileMemory { path in try await client.ledgerFile(path) }
        let log = TiledLog(size: checkpoint.size) { path in try await tiles.file(path) }
        let nodes = NodeMemory(log)
        tree = try AwaitedTree(size: log.size) { level, index in try await nodes.node(level, index) }
    }

    /// How many entries it can speak of.
    var size: Int { checkpoint.size }

    /// Whether an entry stands there.
    func stands(_ bytes: [UInt8], at index: Int) async throws -> Bool {
        guard index >= 0, index < size, let path = try await tree.inclusionPath(of: index) else { return false }
        return InclusionProof(index: index, size: size, path: path)
            .verifies(leaf: .leaf(bytes), root: checkpoint.root)
    }
}
