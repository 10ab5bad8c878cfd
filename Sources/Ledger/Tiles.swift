import Wording

/// The address of a tile, by which a log is read as static files (C2SP tlog-tiles).
public struct TilePath: Hashable, Sendable {
    /// The hashes in a full tile, and the entries in a full bundle.
    public static let fullWidth = 256
    /// The levels of the tree in one tile.
    public static let height = 8
    /// The highest tile level; 256^6 is beyond the largest tree.
    static let maxLevel = 7

    /// What the tile holds.
    public enum Content: Hashable, Sendable {
        /// Hashes of the tree's level 8 · `level`.
        case hashes(level: Int)
        /// The entries themselves.
        case entries
    }

    public let content: Content
    /// The tile's place in its row, from 0.
    public let index: Int
    /// How many hashes or entries it holds, 256 when it is full.
    public let width: Int

    /// The address of a full or partial tile; throws when no tile can have it.
    public init(_ content: Content, index: Int, width: Int = fullWidth) throws(LedgerFormatError) {
        if case .hashes(let level) = content, !(0...Self.maxLevel).contains(level) {
            throw LedgerFormatError(.tilePath, "there is no level \(level)")
        }
        guard (0...MerkleTree.maxSize / Self.fullWidth).contains(index) else {
            throw LedgerFormatError(.tilePath, "\(index) is not the number of a tile")
        }
        guard (1...Self.fullWidth).contains(width) else {
            throw LedgerFormatError(.tilePath, "a tile holds 1 to \(Self.fullWidth), not \(width)")
        }
        self.content = content
        self.index = index
        self.width = width
    }

    /// Parses an address; each tile has one spelling, every other is refused.
    public init(parsing text: String) throws(LedgerFormatError) {
        var parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)[...]
        guard parts.popFirst()?.elementsEqual("tile".utf8) == true, let level = parts.popFirst() else {
            throw LedgerFormatError(.tilePath, "expected tile/<level>/<number>")
        }
        let content: Content
        if level.elementsEqual("entries".utf8) {
            content = .entries
        } else if let level = Decimal.parse(level, max: Self.maxLevel) {
            content = .hashes(level: level)
        } else {
            throw LedgerFormatError(.tilePath, "the level is neither a number nor \"entries\"")
        }
        var width = Self.fullWidth
        let partialMark = ".p"
        if parts.dropLast().last?.suffix(partialMark.utf8.count).elementsEqual(partialMark.utf8) == true {
            guard let last = parts.popLast(), let group = parts.popLast(),
                let partial = Decimal.parse(last, max: Self.fullWidth - 1)
            else { throw LedgerFormatError(.tilePath, "a partial tile's width is 1 to \(Self.fullWidth - 1)") }
            width = partial
            parts.append(group.dropLast(partialMark.utf8.count))
        }
        var index = 0
        for group in parts {
            let digits = group.first == UInt8(ascii: "x") ? group.dropFirst() : group
            guard digits.count == 3, index <= MerkleTree.maxSize / 1000,
                let value = Decimal.parse(digits.drop { $0 == UInt8(ascii: "0") }, max: 999) ?? Self.zero(digits)
            else { throw LedgerFormatError(.tilePath, "the number is not written in groups of three digits") }
            index = index * 1000 + value
        }
        try self.init(content, index: index, width: width)
        guard self.text == text else { throw LedgerFormatError(.tilePath, "not spelled as \(self.text)") }
    }

    private static func zero(_ digits: some Collection<UInt8>) -> Int? {
        digits.allSatisfy { $0 == UInt8(ascii: "0") } ? 0 : nil
    }

    /// The address, relative to where the log is served: `tile/0/x001/234` or `tile/entries/000.p/5`.
    public var text: String {
        let row =
            switch content {
            case .hashes(let level): String(level)
            case .entries: "entries"
            }
        var groups: [String] = []
        var rest = index
        repeat {
            let digits = String(rest % 1000)
            let group = String(repeating: "0", count: 3 - digits.count) + digits
            groups.append(groups.isEmpty ? group : "x" + group)
            rest /= 1000
        } while rest > 0
        let number = groups.reversed().joined(separator: "/")
        return "tile/\(row)/\(number)" + (width == Self.fullWidth ? "" : ".p/\(width)")
    }

    /// The level and indices of the complete subtrees this tile is made of; for entries those of their leaves.
    public var nodes: (level: Int, indices: Range<Int>) {
        let start = index * Self.fullWidth
        return switch content {
        case .hashes(let level): (level * Self.height, start..<start + width)
        case .entries: (0, start..<start + width)
        }
    }

    /// Whether a tree of this size has all that the tile holds.
    public func exists(inTreeOf size: Int) -> Bool {
        let (level, indices) = nodes
        return indices.upperBound <= size >> level
    }
}

/// The bytes of a tile of hashes.
public enum HashTile {
    /// Writes the hashes one after the other.
    public static func encode(_ hashes: some Sequence<TreeHash>) -> [UInt8] {
        hashes.reduce(into: []) { $1.append(to: &$0) }
    }

    /// Reads exactly the `width` hashes that the tile's path promises.
    public static func parse(_ bytes: [UInt8], width: Int) throws(LedgerFormatError) -> [TreeHash] {
        guard (1...TilePath.fullWidth).contains(width), bytes.count == width * TreeHash.byteCount else {
            throw LedgerFormatError(.hashTile, "\(bytes.count) bytes are not \(width) hashes")
        }
        return stride(from: 0, to: bytes.count, by: TreeHash.byteCount).compactMap {
            TreeHash(bytes[$0..<$0 + TreeHash.byteCount])
        }
    }
}

/// The bytes of a bundle of entries: each its length in 16 bits, big-endian, and itself.
public enum EntryBundle {
    /// Writes the entries one after the other.
    public static func encode(_ entries: some Sequence<LogEntry>) -> [UInt8] {
        entries.reduce(into: []) { bundle, entry in
            bundle.append(UInt8(truncatingIfNeeded: entry.bytes.count >> 8))
            bundle.append(UInt8(truncatingIfNeeded: entry.bytes.count))
            bundle.append(contentsOf: entry.bytes)
        }
    }

    /// Reads exactly the `width` entries that the bundle's path promises.
    public static func parse(_ bytes: [UInt8], width: Int) throws(LedgerFormatError) -> [LogEntry] {
        var entries: [LogEntry] = []
        var rest = bytes[...]
        while let high = rest.popFirst() {
            guard let low = rest.popFirst() else { throw LedgerFormatError(.entryBundle, "cut short") }
            let count = Int(high) << 8 | Int(low)
            guard count <= rest.count, entries.count < width else {
                throw LedgerFormatError(.entryBundle, "an entry is cut short, or there are more than \(width)")
            }
            entries.append(try LogEntry(Array(rest.prefix(count))))
            rest = rest.dropFirst(count)
        }
        guard entries.count == width else {
            throw LedgerFormatError(
                .entryBundle,
                Counted.of(entries.count, "entry", "entries") + " where \(width) were promised"
            )
        }
        return entries
    }
}
