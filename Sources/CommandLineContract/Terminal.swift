import Glibc

/// Whether people are watching.
public enum Terminal {
    /// Standard error is a terminal: progress bars and colour go there, and nowhere else.
    public static var isStandardError: Bool { isatty(STDERR_FILENO) == 1 }

    /// Somebody can be asked: standard input is a terminal, too.
    public static var isInteractive: Bool { isStandardError && isatty(STDIN_FILENO) == 1 }

    /// Columns of the terminal on standard error; 80 when it does not say.
    public static var columns: Int {
        var size = winsize()
        guard unsafe ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// A text as a terminal can be shown it: what it would obey, or what turns the order of the text round, is written out.
    ///
    /// A verifier, a gateway or a file may have put anything into what is printed. Lines and columns stay as they are.
    public static func shown(_ text: String) -> String {
        guard !text.unicodeScalars.allSatisfy(isHarmless) else { return text }
        return text.unicodeScalars.map { isHarmless($0) ? String($0) : $0.escaped(asASCII: true) }.joined()
    }

    private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
        if scalar == "\n" || scalar == "\t" { return true }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: return false
        default: return true
        }
    }

    /// Colour is wanted: a terminal, and no `NO_COLOR` in the environment (no-color.org).
    static var isColoured: Bool { unsafe isStandardError && getenv("NO_COLOR") == nil }
}

/// How a word on standard error stands out.
enum Style: String {
    case error = "1;31"
    case warning = "1;33"
    case hint = "1;36"

    func paint(_ text: String) -> String {
        Terminal.isColoured ? "\u{1B}[\(rawValue)m\(text)\u{1B}[0m" : text
    }

    /// Writes one line under its label to standard error.
    func tell(_ text: String) { StandardError.write("\(paint("\(self):")) \(Terminal.shown(text))\n") }
}
