import CommandLineContract

/// A span of time as people type it.
enum ArchiveSpan {
    /// - Parameters:
    ///   - from: its begin.
    ///   - to: its end, which does not belong to it; default: now.
    static func times(from: String, to: String?) throws(CommandFailure) -> Range<Int64> {
        let begin = try Moment.parse(from, option: "--from")
        // A decision of this second belongs to it.
        var end = UTCTime.now + 1
        if let to { end = try Moment.parse(to, option: "--to") }
        return begin..<max(begin, end)
    }
}
