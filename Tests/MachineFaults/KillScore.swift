import Glibc

/// What came of a command that was struck at many moments, each time with a run after it.
public struct KillScore: Sendable {
    /// How many moments it was struck at.
    public var points = 0
    /// After how many of them the run came to a good end.
    public var resumed = 0
    /// After how many something was missing then.
    public var lost = 0
    /// After how many something was there that only one more run can have made.
    public var doubled = 0

    /// Begins to count.
    public init() {}

    /// Whether it was struck at all, and nothing came of it.
    public var isGood: Bool { points > 0 && resumed == points && lost == 0 && doubled == 0 }

    /// Says it on standard error, since all matrices together take half an hour; `scripts/kill-matrix` adds up these rows.
    /// - Parameter what: begins the row.
    /// - Returns: the row.
    @discardableResult
    public func report(_ what: String) -> String {
        let row = "\(what): kill points: \(points), resumed: \(resumed), lost: \(lost), doubled: \(doubled)"
        let line = Array((row + "\n").utf8)
        _ = unsafe line.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
        return row
    }
}
