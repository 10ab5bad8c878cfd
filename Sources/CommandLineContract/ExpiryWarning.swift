/// Tells people on standard error that something ends soon which only they can renew; the command goes on.
public enum ExpiryWarning {
    /// How long before, in seconds: time enough for whoever does not come by every day.
    private static let ahead: Int64 = 30 * 86_400

    /// Writes the warning when it is time for it, and nothing otherwise.
    /// - Parameters:
    ///   - what: what ends, as the beginning of a sentence.
    ///   - end: seconds since 1970 from which it counts no more.
    ///   - hint: how there is another.
    public static func tell(_ what: String, until end: Int64, hint: String) {
        let (left, overflows) = end.subtractingReportingOverflow(UTCTime.now)
        guard !overflows, left < ahead else { return }
        let when = left > 0 ? "expires at \(UTCTime.text(end))" : "has expired at \(UTCTime.text(end))"
        Style.warning.tell("\(what) \(when)")
        Style.hint.tell(hint)
    }
}
