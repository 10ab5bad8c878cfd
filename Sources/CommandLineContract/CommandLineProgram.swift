public import ArgumentParser
import DurableFiles
import Glibc

/// Runs a root command and holds it to the contract of exit statuses and output.
public enum CommandLineProgram {
    /// Parses the arguments, runs the command and ends the process.
    ///
    /// ArgumentParser would end with 64 on wrong usage and 1 on any thrown error; scripts rely on 2 and on 1 meaning a refusal only.
    /// - Parameter explain: turns the program's own errors into failures; `nil` for an error it does not know.
    public static func main<Root: ParsableCommand>(
        _ root: Root.Type,
        explain: @Sendable (any Error) -> CommandFailure? = { _ in nil }
    ) async -> Never {
        StandardDescriptors.hold()
        // A reader that closes the pipe early is an error of writing, not a reason to die half-way through an install.
        _ = signal(SIGPIPE, SIG_IGN)
        let arguments = Array(CommandLine.arguments.dropFirst())
        do {
            try await run(root, arguments)
            exit(ExitStatus.done.rawValue)
        } catch {
            exit(report(error, root, arguments, explain: explain))
        }
    }

    private static func run<Root: ParsableCommand>(_ root: Root.Type, _ arguments: [String]) async throws {
        var command = try root.parseAsRoot(arguments)
        if var asynchronous = command as? any AsyncParsableCommand {
            try await asynchronous.run()
        } else {
            try command.run()
        }
    }

    /// Tells people on standard error, and scripts that asked for JSON on standard output, how the command ended.
    /// - Returns: the exit status.
    static func report<Root: ParsableCommand>(
        _ error: any Error,
        _ root: Root.Type,
        _ arguments: [String],
        explain: (any Error) -> CommandFailure?
    ) -> Int32 {
        let json = arguments.contains("--json")
        if let code = error as? ExitCode { return code.rawValue }
        var failure: CommandFailure
        if let known = error as? CommandFailure ?? explain(error) {
            failure = known
        } else if let file = error as? FileError {
            failure = CommandFailure(file)
        } else {
            switch root.exitCode(for: error) {
            case .success:
                // Help and version are asked for, so they are the command's output.
                if StandardOutput.write(root.fullMessage(for: error) + "\n") { return ExitStatus.done.rawValue }
                failure = .outputFailed
            case .validationFailure:
                let hint = MistypedCommand.first(in: arguments, of: root)?.meant.map { "did you mean \($0)?" }
                return report(usage: root.fullMessage(for: error), root.message(for: error), hint: hint, json: json)
            default:
                failure = CommandFailure(.environment, String(describing: error))
            }
        }
        Style.error.tell(failure.message)
        failure.hint = failure.hint ?? failure.status.usualHint
        if let hint = failure.hint { Style.hint.tell(hint) }
        if json { _ = StandardOutput.write(FailureReport(failure)) }
        return failure.status.rawValue
    }

    /// - Parameters:
    ///   - usage: for people: what is wrong, and the command's synopsis.
    ///   - message: for scripts: what is wrong alone.
    ///   - hint: what may have been meant, where that is known.
    private static func report(usage: String, _ message: String, hint: String?, json: Bool) -> Int32 {
        var told = Terminal.shown(usage)
        // ArgumentParser's own label, in the place of the one that all other errors have.
        let label = "Error:"
        if told.hasPrefix(label) { told = "\(Style.error.paint("error:"))\(told.dropFirst(label.count))" }
        StandardError.write(told + "\n")
        if let hint { Style.hint.tell(hint) }
        if json {
            let status = ExitStatus.malformed
            _ = StandardOutput.write(FailureReport(CommandFailure(status, message, hint: hint ?? status.usualHint)))
        }
        return ExitStatus.malformed.rawValue
    }
}

extension ExitStatus {
    /// What helps when an error says nothing better: nobody is left with what went wrong alone.
    fileprivate var usualHint: String? {
        switch self {
        case .done, .refused: nil
        case .malformed: "--help shows how it is meant, with an example"
        case .environment: "put that right and run the same command again"
        }
    }
}

/// How a command that was asked for JSON says that it failed.
struct FailureReport: Encodable {
    var error: String
    var hint: String?
    var reasons: [String]
    var status: Int32

    init(_ failure: CommandFailure) {
        error = failure.message
        hint = failure.hint
        reasons = failure.reasons
        status = failure.status.rawValue
    }
}
