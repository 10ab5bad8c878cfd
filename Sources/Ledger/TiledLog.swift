/// A log read as static files (C2SP tlog-tiles), from wherever they are: a server, or a directory.
///
/// What the files say is only worth what the checkpoint's signature is: hold roots and paths to a verified checkpoint.
public struct TiledLog: Sendable {
    /// The size of the log, by its checkpoint.
    public let size: Int
    private let file: @Sendable (_ path: String) async throws -> [UInt8]

    /// - Parameters:
    ///   - size: that of a checkpoint which the files were written for.
    ///   - file: gives a file by its path, as `tile/0/x001/234`; its error is passed on.
    public init(size: Int, file: @escaping @Sendable (_ path: String) async throws -> [UInt8]) {
        self.size = size
        self.file = file
    }

    /// The bundles that entries are read in: the place and number of the entries of each.
    public func bundles(from start: Int = 0) -> some BidirectionalCollection<TilePath> {
        let first = max(0, start) / TilePath.fullWidth
        let end = (size + TilePath.fullWidth - 1) / TilePath.fullWidth
        return (first..<max(first, end)).lazy.compactMap { try? Self.path(.entries, index: $0, rowSize: size) }
    }

    /// The entries of a bundle.
    public func entries(_ bundle: TilePath) async throws -> [LogEntry] {
        try EntryBundle.parse(try await file(bundle.text), width: bundle.width)
    }

    /// The tree over the log, or over its beginning.
    public func tree(size: Int) throws(LedgerFormatError) -> AwaitedTree {
        try AwaitedTree(size: size) { level, index in try await node(level, index) }
    }

    /// The hash of a complete subtree, out of the tile that has its lowest hashes.
    public func node(_ level: Int, _ index: Int) async throws -> TreeHash {
        let row = level / TilePath.height
        let count = 1 << (level % TilePath.height)
        let start = index * count
        let path = try Self.path(
            .hashes(level: row),
            index: start / TilePath.fullWidth,
            rowSize: size >> (row * TilePath.height)
        )
        let hashes = try HashTile.parse(try await file(path.text), width: path.width)
        let offset = start % TilePath.fullWidth
        guard offset + count <= hashes.count else {
            throw LedgerFormatError(.tree, "a log of \(size) entries has no node \(index) at level \(level)")
        }
        var frontier = TreeFrontier()
        // Above the leaves a subtree is joined as leaves are: what is hashed into a leaf is hashed already.
        for hash in hashes[offset..<offset + count] { _ = frontier.append(hash) }
        return frontier.root
    }

    private static func path(
        _ content: TilePath.Content,
        index: Int,
        rowSize: Int
    ) throws(LedgerFormatError) -> TilePath {
        let width = min(TilePath.fullWidth, rowSize - index * TilePath.fullWidth)
        return try TilePath(content, index: index, width: width)
    }
}
