/// A number and what it counts, as people write it: `1 entry`, `13 entries`.
public enum Counted {
    /// Puts behind a number what fits it.
    /// - Parameters:
    ///   - number: how many there are.
    ///   - one: what stands behind a 1, with its verb where there is one: "entry", "entry is signed".
    ///   - many: what stands behind any other number; `one` and an s, when it is left out.
    public static func of(_ number: some BinaryInteger, _ one: String, _ many: String? = nil) -> String {
        "\(number) \(number == 1 ? one : many ?? "\(one)s")"
    }
}
