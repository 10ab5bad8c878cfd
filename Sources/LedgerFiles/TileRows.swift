import Ledger

/// The tiles of hashes over a log, as they fill up from the left.
struct TileRows {
    /// The hashes of the last tile of each row that is not full.
    private var open: [Int: [TreeHash]] = [:]
    private var full: [Int: Int] = [:]

    /// Takes up a complete subtree.
    /// - Returns: the tile that it has filled.
    mutating func append(_ node: TreeNode) throws(LedgerFormatError) -> (path: TilePath, bytes: [UInt8])? {
        guard node.level.isMultiple(of: TilePath.height) else { return nil }
        let row = node.level / TilePath.height
        open[row, default: []].append(node.hash)
        guard let hashes = open[row], hashes.count == TilePath.fullWidth else { return nil }
        open[row] = nil
        let index = full[row, default: 0]
        full[row] = index + 1
        return (try TilePath(.hashes(level: row), index: index), HashTile.encode(hashes))
    }

    /// The tiles that are not full.
    var partials: [(path: TilePath, bytes: [UInt8])] {
        get throws(LedgerFormatError) {
            var partials: [(path: TilePath, bytes: [UInt8])] = []
            for (row, hashes) in open.sorted(by: { $0.key < $1.key }) {
                let path = try TilePath(.hashes(level: row), index: full[row, default: 0], width: hashes.count)
                partials.append((path, HashTile.encode(hashes)))
            }
            return partials
        }
    }
}
