import FoundationEssentials
import GRDB
public import Ledger
public import VerifierStore

/// The hashes of the ledger's tree, in the order in which it grows: what a commit adds stands together, at the end.
enum LedgerNodes {
    static func insert(_ nodes: [TreeNode], _ db: Database) throws {
        for node in nodes { try insert(node.hash.bytes, at: node.place, db) }
    }

    private static func insert(_ hash: [UInt8], at place: NodePlace, _ db: Database) throws {
        try db.cachedStatement(sql: "INSERT INTO ledger_node (number, hash) VALUES (?, ?)")
            .execute(arguments: [number(of: place), Data(hash)])
    }

    static func hash(at place: NodePlace, _ db: Database) throws -> TreeHash {
        let statement = try db.cachedStatement(sql: "SELECT hash FROM ledger_node WHERE number = ?")
        guard let hash = try Data.fetchOne(statement, arguments: [number(of: place)]).flatMap({ TreeHash($0) }) else {
            throw MissingNode(level: place.level, index: place.index)
        }
        return hash
    }

    private static func number(of place: NodePlace) throws(MissingNode) -> Int {
        guard let number = place.number else { throw MissingNode(level: place.level, index: place.index) }
        return number
    }

    static func hashes(_ numbers: Range<Int>, _ db: Database) throws -> [TreeHash] {
        let rows = try Row.fetchAll(
            db,
            sql: "SELECT number, hash FROM ledger_node WHERE number >= ? AND number < ? ORDER BY number",
            arguments: [numbers.lowerBound, numbers.upperBound]
        )
        return try rows.enumerated().map { offset, row in
            guard row[0] == numbers.lowerBound + offset, let hash = TreeHash(row.bytes(1)) else {
                throw StoreError.damaged("hash \(numbers.lowerBound + offset) of the ledger's tree is missing")
            }
            return hash
        }
    }

    /// Takes over those of a record that kept them by level.
    static func fill(_ db: Database) throws {
        let rows = try Row.fetchCursor(
            db,
            sql: "SELECT level, number, hash FROM ledger_node_by_level ORDER BY (number + 1) << level, level"
        )
        while let row = try rows.next() { try insert(row.bytes(2), at: NodePlace(level: row[0], index: row[1]), db) }
    }
}

extension SQLiteStore {
    public func ledgerNodes(_ places: [NodePlace]) async throws(StoreError) -> [TreeHash] {
        try await read { db in try places.map { try LedgerNodes.hash(at: $0, db) } }
    }

    public func ledgerNodes(completedBy entries: Range<Int>) async throws(StoreError) -> [TreeHash] {
        let first = MerkleTree.subtrees(ofLeaves: entries.lowerBound)
        let end = MerkleTree.subtrees(ofLeaves: entries.upperBound)
        return try await read { db in try LedgerNodes.hashes(first..<end, db) }
    }
}
