import DurableFiles

/// Processor time of the processes that this one has started, and of those that they have, once they are ended and waited for.
enum ChildrenTime {
    private static let status = "/proc/self/stat"
    // The fields cutime and cstime, counted from the one behind the program's name, and what they count (proc(5)).
    private static let fields = 13...14
    private static let millisecondsPerTick = 10.0

    /// Milliseconds until now.
    static var now: Double {
        get throws {
            let text = String(decoding: try BoundedFile.read(status, limit: 1 << 12), as: UTF8.self)
            // The name may have anything in it.
            let known = text.split(separator: ")").last?.split(whereSeparator: \.isWhitespace) ?? []
            guard known.count > fields.upperBound else { throw WrongResult(name: status, wrong: 1, of: 1) }
            let ticks = known[fields].compactMap { Double($0) }
            guard ticks.count == fields.count else { throw WrongResult(name: status, wrong: 1, of: 1) }
            return ticks.reduce(0, +) * millisecondsPerTick
        }
    }
}
