/// What a decision rested on, and what was decided: how a verifier hands them out of its archive.
///
/// Nothing of it is believed: the entries stand on the ledger, and what was decided follows from the rest or does not.
public struct ArchivedReport: Hashable, Sendable, Codable {
    /// The place on the ledger of the first of the entries, from 0.
    public var index: Int
    /// The exact bytes of the entries that were written with the decision, in their order.
    public var entries: [Blob]
    /// The exact bytes of what the decision rested on.
    public var basis: Blob

    /// The most bytes of what a decision rests on.
    public static let maximumBasisSize = 1 << 20
    /// The most bytes of the message: that in base64, and a few entries.
    public static let maximumSize = maximumBasisSize / 3 * 4 + (1 << 20)

    /// Joins the parts.
    public init(index: Int, entries: [[UInt8]], basis: [UInt8]) {
        self.index = index
        self.entries = entries.map { Blob($0) }
        self.basis = Blob(basis)
    }
}

/// What the decisions of a span of time rested on, in the order of time.
public struct ArchivePage: Hashable, Sendable, Codable {
    /// The decisions.
    public var decisions: [ArchivedReport]
    /// Where to go on; absent when these are all.
    public var next: Mark?

    /// A place in the archive: by time, and within a second by the ledger.
    public struct Mark: Hashable, Sendable, Codable {
        /// In seconds since 1970.
        public var at: Int64
        /// A place on the ledger.
        public var index: Int

        /// Joins both.
        public init(at: Int64, index: Int) {
            self.at = at
            self.index = index
        }

        /// Reads the text form.
        public init?(_ text: some StringProtocol) {
            let parts = text.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count == 2, let at = Int64(parts[0]), let index = Int(parts[1]), index >= 0 else { return nil }
            self.init(at: at, index: index)
        }

        /// The text form: two numbers with a point between them.
        public var text: String { "\(at).\(index)" }
    }

    /// The most decisions of a page.
    public static let maximumDecisions = 32
    /// A page is full when it holds this many bytes of what decisions rested on; the last of them may go beyond.
    public static let fullSize = 2 << 20
    /// The most bytes of the message.
    public static let maximumSize = ArchivedReport.maximumSize + fullSize / 3 * 4 + (4 << 20)

    /// Joins both.
    public init(decisions: [ArchivedReport], next: Mark?) {
        self.decisions = decisions
        self.next = next
    }
}
