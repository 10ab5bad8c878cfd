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

    /// Colour is wanted: a terminal, and no `NO_COLOR` in the environment (no-color.org).
    static var isColoured: Bool { unsafe isStandardError && getenv("NO_COLOR") == nil }
}

/// How a word on standard error stands out.
enum Style: String {
    case error = "1;31"
    case hint = "1;36"

    func paint(_ text: String) -> String {
        Terminal.isColoured ? "\u{1B}[\(rawValue)m\(text)\u{1B}[0m" : text
    }
}
