public import Messages

/// What a decision rests on, as it goes into the archive: `ArchivedDecision` in its exact bytes.
public struct StoredBasis: Hashable, Sendable {
    /// SHA-256 of the entry that states the decision.
    public var entry: ContentDigest
    /// When it was taken, in seconds since 1970.
    public var at: Int64
    /// The bytes.
    public var body: [UInt8]
    /// The list of what Linux measured that they name, which is kept once, and as long as something names it.
    public var list: ContentDigest?

    /// Joins the parts.
    public init(entry: ContentDigest, at: Int64, body: [UInt8], list: ContentDigest? = nil) {
        self.entry = entry
        self.at = at
        self.body = body
        self.list = list
    }
}

/// What the archive keeps of a decision, and where the ledger has what was decided.
public struct KeptBasis: Hashable, Sendable {
    /// What it rests on.
    public var basis: StoredBasis
    /// The places of all entries that were written with it.
    public var entries: Range<Int>

    /// Joins both.
    public init(_ basis: StoredBasis, entries: Range<Int>) {
        self.basis = basis
        self.entries = entries
    }

    /// Where it stands in the archive.
    public var place: ArchivePlace { ArchivePlace(at: basis.at, number: entries.lowerBound) }
}

/// A place in the archive: by time, and within a second by the ledger.
public struct ArchivePlace: Hashable, Sendable {
    /// In seconds since 1970.
    public var at: Int64
    /// The place on the ledger of the first entry that was written with the decision.
    public var number: Int

    /// Joins both.
    public init(at: Int64, number: Int) {
        self.at = at
        self.number = number
    }
}
