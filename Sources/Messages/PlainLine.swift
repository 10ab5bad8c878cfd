/// Words of somebody else's as one line that people can be shown.
public enum PlainLine {
    /// Writes out what could forge another line or steer a terminal: control, formatting and line-separating characters.
    /// - Parameter scalars: the words; nobody has checked them.
    public static func of(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        var line = ""
        for scalar in scalars { line += Remark.isPlain(scalar) ? String(scalar) : scalar.escaped(asASCII: true) }
        return line
    }
}
