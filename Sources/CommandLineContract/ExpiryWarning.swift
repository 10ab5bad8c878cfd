/// Tells people on standard error that something ends soon which only they can renew; the command goes on.
public enum ExpiryWarning {
    /// How long before, in seconds: time enough for whoever does not come by every day.
    public static let ahead: Int64 = 30 * 86_400

    /// Writes the warning when it is time for it, and nothing otherwise.
    /// - Parameters:
    ///   - what: what ends, as the beginning of a sentence.
    ///   - end: seconds since 1970 from which it counts no more.
    ///   - now: seconds since 1970.
    ///   - hint: how there is another.
    public static func tell(_ what: String, until end: Int64, now: Int64 = UTCTime.now, hint: String) {
        let (left, overflows) = end.subtractingReportingOverflow(now)
        guard !overflows, left < ahead else { return }
        let when = left > 0 ? "expires at \(UTCTime.text(end))" : "has expired at \(UTCTime.text(end))"
        StandardError.write("\(Style.warning.paint("warning:")) \(Terminal.shown(what)) \(when)\n")
        StandardError.write("\(Style.hint.paint("hint:")) \(Terminal.shown(hint))\n")
    }
}
