public import ArgumentParser
import DurableFiles
import FoundationEssentials
import Glibc

/// The option every command has whose result a script may want.
public struct OutputOptions: ParsableArguments {
    @Flag(name: .customLong("json"), help: "Print one JSON object on standard output, and nothing else there.")
    public var json = false

    /// For ArgumentParser.
    public init() {}

    /// Prints the JSON object when it was asked for, the text otherwise.
    /// - Throws: `CommandFailure` when standard output cannot be written.
    public func print(_ object: some Encodable, text: () -> String) throws(CommandFailure) {
        guard json ? StandardOutput.write(object) : StandardOutput.write(Terminal.shown(text()) + "\n") else {
            throw CommandFailure.outputFailed
        }
    }
}

extension CommandFailure {
    /// Nobody can be given the result.
    public static let outputFailed = CommandFailure(
        .environment,
        "standard output cannot be written",
        hint: "check where it leads to"
    )
}

/// Standard output: results only.
public enum StandardOutput {
    /// Writes text; whether all of it was taken.
    public static func write(_ text: String) -> Bool { write(bytes: Array(text.utf8)) }

    /// Writes one JSON object, sorted keys, on one line; whether all of it was taken.
    public static func write(_ object: some Encodable) -> Bool {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let json = try? encoder.encode(object) else { return false }
        return write(bytes: [UInt8](json) + [0x0A])
    }

    private static func write(bytes: [UInt8]) -> Bool {
        do {
            try AtomicFile.write(bytes, descriptor: STDOUT_FILENO, path: "standard output")
            return true
        } catch {
            return false
        }
    }
}

/// Standard error: what people are told.
public enum StandardError {
    /// Writes text; when nobody can read it there is nobody to tell.
    public static func write(_ text: String) {
        try? AtomicFile.write(Array(text.utf8), descriptor: STDERR_FILENO, path: "standard error")
    }
}
