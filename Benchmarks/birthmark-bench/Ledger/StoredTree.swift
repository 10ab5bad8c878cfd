import CommandLineContract
import Crypto
import Ledger
import StoreSQLite
import VerifierStore

/// A verifier's record that has a ledger's tree in it, and nothing else.
struct StoredTree {
    let size: Int
    let root: TreeHash
    private let store: SQLiteStore
    private let database: Database
    private let node: Statement

    // Large, so that the disk is synchronised seldom.
    private static let group = 100_000

    /// Makes it: the nodes as a store would have written them, by SQLite alone.
    static func make(at path: String, size: Int) async throws -> StoredTree {
        try SQLiteStore.create(at: path).close()
        let bar = ProgressBar("tree of \(size)")
        defer { bar.finish() }
        let database = try Database(path)
        let node = try database.prepare("INSERT INTO ledger_node (number, hash) VALUES (?, ?)")
        var frontier = TreeFrontier()
        var count: Int64 = 0
        for first in stride(from: 0, to: size, by: group) {
            try database.execute("BEGIN IMMEDIATE")
            for index in first..<min(first + group, size) {
                for new in frontier.append(leaf(index)) {
                    try node.run([.integer(count), .blob(new.hash.bytes)])
                    count += 1
                }
            }
            try database.execute("UPDATE ledger_head SET size = \(frontier.size); COMMIT")
            bar.update(UInt64(frontier.size), of: UInt64(size))
        }
        return try StoredTree(path, frontier)
    }

    private init(_ path: String, _ frontier: TreeFrontier) throws {
        (size, root) = (frontier.size, frontier.root)
        store = try SQLiteStore.open(at: path)
        database = try Database(path, readOnly: true)
        node = try database.prepare("SELECT hash FROM ledger_node WHERE number = ?")
    }

    func close() throws { try store.close() }

    /// The hash of an entry that is nothing but its number.
    static func leaf(_ index: Int) -> TreeHash {
        TreeHash.leaf((0..<8).map { UInt8(truncatingIfNeeded: index >> (8 * $0)) })
    }

    /// As the verifier makes it.
    func path(of index: Int) async throws -> [TreeHash]? {
        let store = store
        let tree = try AwaitedTree(size: size) { places in try await store.ledgerNodes(places) }
        return try await tree.inclusionPath(of: index)
    }

    /// The same without a store.
    func barePath(of index: Int) throws -> [TreeHash]? {
        try MerkleTree(size: size).inclusionPath(of: index) { level, index throws in
            guard let number = NodePlace(level: level, index: index).number,
                let hash = try node.rows([.integer(Int64(number))], { $0.blob(0) }).first.flatMap({ TreeHash($0) })
            else {
                throw MissingNode(level: level, index: index)
            }
            return hash
        }
    }
}
