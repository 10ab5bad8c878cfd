public import Ledger

/// The end of the ledger.
public struct LedgerHead: Hashable, Sendable {
    /// The number of entries.
    public var size: Int
    /// The signed checkpoint over them, as it is served; `nil` while there are no entries.
    public var checkpoint: [UInt8]?

    /// Joins both.
    public init(size: Int, checkpoint: [UInt8]?) {
        self.size = size
        self.checkpoint = checkpoint
    }
}

/// An entry of the ledger, and where it stands.
public struct NumberedEntry: Hashable, Sendable {
    /// Its place, from 0.
    public var index: Int
    /// The entry.
    public var entry: LogEntry

    /// Joins both.
    public init(index: Int, entry: LogEntry) {
        self.index = index
        self.entry = entry
    }
}
