import Ledger

/// One walk over a log from its first entry on, which writes down what is full.
struct Walk {
    let directory: LedgerDirectory
    /// The log as the directory has it.
    let old: Checkpoint?
    let new: Checkpoint
    /// Whether full bundles that a walk was killed behind are taken as they are, and not fetched again.
    let keepsAll: Bool

    /// What is not full, to be written when the whole was found to be what was signed.
    private(set) var partials: [(path: TilePath, bytes: [UInt8])] = []
    /// The tiles that were full in the end and had not been before.
    private(set) var filled: [TilePath] = []
    /// Whether bundles were taken that no checkpoint of the directory speaks for.
    private(set) var hasKeptUnproven = false
    private var frontier = TreeFrontier()
    private var rows = TileRows()

    init(directory: LedgerDirectory, old: Checkpoint?, new: Checkpoint, keepsAll: Bool) {
        self.directory = directory
        self.old = old
        self.new = new
        self.keepsAll = keepsAll
    }

    /// Whether the entries are those that were signed.
    enum Finding {
        case same
        case another
    }

    mutating func run(_ log: TiledLog, _ progress: (Int) -> Void) async throws -> Finding {
        for bundle in log.bundles() {
            try Task.checkCancellation()
            let entries = try await entries(bundle, log)
            for entry in entries {
                for node in frontier.append(entry.leafHash) {
                    if let (path, bytes) = try rows.append(node) { try keep(path, bytes) }
                }
                if let old, frontier.size == old.size, frontier.root != old.root { return .another }
            }
            progress(frontier.size)
        }
        guard frontier.root == new.root else { return .another }
        partials += try rows.partials
        return .same
    }

    private mutating func entries(_ bundle: TilePath, _ log: TiledLog) async throws -> [LogEntry] {
        let isFull = bundle.width == TilePath.fullWidth
        let isProven = covers(bundle)
        if isProven || (isFull && keepsAll) {
            let held = try directory.fileIfThere(bundle.text).flatMap {
                try? EntryBundle.parse($0, width: bundle.width)
            }
            if isProven, held == nil { throw LedgerMirror.Refusal.damaged(path: directory.path) }
            if let held {
                if !isProven { hasKeptUnproven = true }
                return held
            }
        }
        let entries = try await log.entries(bundle)
        let bytes = EntryBundle.encode(entries)
        if isFull { try keep(bundle, bytes) } else { partials.append((bundle, bytes)) }
        return entries
    }

    private mutating func keep(_ path: TilePath, _ bytes: [UInt8]) throws {
        if !covers(path) { filled.append(path) }
        guard !covers(path) || !directory.holds(path.text) else { return }
        try directory.write(bytes, to: path.text)
    }

    /// Whether the directory's checkpoint speaks for all of a tile.
    private func covers(_ tile: TilePath) -> Bool { old.map { tile.exists(inTreeOf: $0.size) } ?? false }
}
