import FoundationEssentials
import Subprocess
import SystemPackage
import Testing

/// A program of tpm2-tools, as the second opinion that most people who work with TPMs have at hand.
struct Tool: Sendable {
    /// The command, as in `tpm2_quote`.
    let name: String
    /// For TPM2TOOLS_TCTI; none for tools that only read files.
    var tcti: String?
    /// Where files that it names are.
    var directory = "/"

    struct Ended {
        let status: TerminationStatus
        let output: String
        let error: String

        var succeeded: Bool { status == .exited(0) }

        /// Whether a signal ended it.
        var crashed: Bool {
            switch status {
            case .exited: false
            case .signaled: true
            }
        }
    }

    func run(_ arguments: [String]) async throws -> Ended {
        let result = try await Subprocess.run(
            .name(name),
            arguments: Arguments(arguments),
            environment: .inherit.updating(["TPM2TOOLS_TCTI": tcti]),
            workingDirectory: FilePath(directory),
            input: .none,
            output: .string(limit: 8 << 20),
            error: .string(limit: 1 << 20)
        )
        return Ended(
            status: result.terminationStatus,
            output: result.standardOutput,
            error: result.standardError
        )
    }
}

/// A directory with a software TPM that tools work on.
struct Bench {
    let directory: String
    let tcti: String

    /// Runs a command line that has to succeed; its words are parted by single spaces.
    func run(_ line: String) async throws {
        let words = line.split(separator: " ").map(String.init)
        let ended = try await ask(words[0], Array(words.dropFirst()))
        try #require(ended.succeeded, "\(line): \(ended.error)")
    }

    func ask(_ name: String, _ arguments: [String]) async throws -> Tool.Ended {
        try await Tool(name: name, tcti: tcti, directory: directory).run(arguments)
    }
}
