extension String {
    /// Whether no more than 30 marks that combine with a character follow one another: Stream-Safe Text (UAX #15, UAX15-D3).
    ///
    /// Swift hashes the normal form of a text and sorts each run of such marks by insertion, so that a run of 64 KB keeps a
    /// processor for a second, and one of a megabyte for minutes. Text from outside is refused before anything hashes it, which a
    /// set, a dictionary and an enumeration's `init(rawValue:)` do. No language needs as many.
    public var isStreamSafe: Bool {
        var run = 0
        for scalar in unicodeScalars {
            guard !scalar.isASCII, scalar.properties.canonicalCombiningClass != .notReordered else {
                run = 0
                continue
            }
            run += 1
            guard run <= 30 else { return false }
        }
        return true
    }
}
