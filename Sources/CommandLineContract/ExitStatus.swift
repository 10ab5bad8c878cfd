public import ArgumentParser

/// What every program's exit status means to scripts.
public enum ExitStatus: Int32, Sendable, CaseIterable {
    /// Accepted, or done.
    case done = 0
    /// A verdict, with its reasons.
    case refused = 1
    /// Unreadable or malformed input, or wrong usage.
    case malformed = 2
    /// The environment failed: no TPM, no server, no disk.
    case environment = 3

    /// What a command throws to end with this status when it has already said everything.
    public var code: ExitCode { ExitCode(rawValue) }
}

/// An end of a command that people are told of: what happened, and what to do next.
public struct CommandFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// What scripts see.
    public var status: ExitStatus
    /// What happened, in one sentence without a full stop.
    public var message: String
    /// What to do next.
    public var hint: String?
    /// Reason codes of a refusal, for scripts.
    public var reasons: [String]

    /// Makes a failure.
    public init(_ status: ExitStatus, _ message: String, hint: String? = nil, reasons: [String] = []) {
        self.status = status
        self.message = message
        self.hint = hint
        self.reasons = reasons
    }

    /// The message and, on the next line, the hint.
    public var description: String { hint.map { "\(message)\nhint: \($0)" } ?? message }
}
