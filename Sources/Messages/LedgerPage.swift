/// Entries of the ledger about one thing, in their order: what an auditor asks a verifier for, and then holds to the checkpoint.
public struct LedgerPage: Hashable, Sendable, Codable {
    /// The entries.
    public var entries: [Line]
    /// The place to ask from for those that follow; absent when these are all.
    public var next: Int?

    /// One entry.
    public struct Line: Hashable, Sendable, Codable {
        /// Its place on the ledger, from 0.
        public var index: Int
        /// Its exact bytes.
        public var bytes: Blob

        /// Joins both.
        public init(index: Int, bytes: [UInt8]) {
            self.index = index
            self.bytes = Blob(bytes)
        }
    }

    /// The most entries of a page.
    public static let maximumEntries = 200
    /// The most bytes of the message: as many entries, each as large as one can be (C2SP tlog-tiles), in base64.
    public static let maximumSize = maximumEntries * (65_535 / 3 * 4 + 64) + 1024

    /// Joins both.
    public init(entries: [Line], next: Int?) {
        self.entries = entries
        self.next = next
    }
}
