/// A part of the list of what Linux measured, beside a quote.
public struct IMAListPart: Hashable, Sendable, Codable {
    /// Where it begins in the list, in bytes: 0, or behind what accepted evidence of the same boot led to.
    public var offset: UInt64
    /// Entries of the binary list with SHA-1 template digests, which every kernel has; what was measured since may follow.
    public var bytes: Blob

    /// The most bytes of a part, some thirty thousand entries: a verifier holds them in memory.
    public static let maximumSize = 4 << 20

    /// Joins both.
    public init(offset: UInt64, bytes: Blob) {
        self.offset = offset
        self.bytes = bytes
    }
}

/// Where in an instance's list the next part begins.
public struct IMAListPosition: Hashable, Sendable, Codable {
    /// TPMS_CLOCK_INFO.resetCount: after a reset there is another list.
    public var resetCount: UInt32
    /// In bytes.
    public var offset: UInt64

    /// Joins both.
    public init(resetCount: UInt32, offset: UInt64) {
        self.resetCount = resetCount
        self.offset = offset
    }
}
