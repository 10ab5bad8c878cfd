import FoundationEssentials
import Glibc
public import Subprocess
import SystemPackage
import TimeLimits

/// A program of this package, as a process of its own, as scripts and people run it.
public struct BuiltProgram: Sendable {
    /// Where it is: built beside the test bundle that runs this.
    public let path: String

    /// How a run ended.
    public struct Ended: Sendable {
        public var status: TerminationStatus
        public var output: String
        public var error: String
    }

    /// Seconds: no command of a test takes longer, however busy the machine is; one that hangs is ended before the test is.
    private static let limit: Int64 = 900
    private static let maximumOutput = 4 << 20

    /// Names a program.
    public init(_ name: String) {
        let bundle = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let directory = bundle.map { $0.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } } ?? ""
        let beside = directory + "/" + name
        path = FileManager.default.fileExists(atPath: beside) ? beside : ".build/debug/" + name
    }

    /// Runs a command to its end, and blocks no thread meanwhile: a machine with two processors has two for all tests.
    /// - Parameters:
    ///   - environment: what it finds in its environment besides this process's own.
    ///   - watch: is given the process's id while it runs, and may end it.
    public func run(
        _ arguments: [String],
        environment: [String: String] = [:],
        watch: (pid_t) async throws -> Void = { _ in }
    ) async throws -> Ended {
        var changes: [Environment.Key: String?] = [:]
        for (name, value) in environment { changes[.init(stringLiteral: name)] = value }
        let (result, _) = try await TimeLimit.within(seconds: Self.limit) { limit in
            try await Subprocess.run(
                .path(FilePath(path)),
                arguments: Arguments(arguments),
                environment: .inherit.updating(changes),
                input: .none,
                output: .string(limit: Self.maximumOutput),
                error: .string(limit: Self.maximumOutput)
            ) { execution in
                let id = execution.processIdentifier.value
                limit.began(id)
                try await watch(id)
            }
        }
        return Ended(status: result.terminationStatus, output: result.standardOutput, error: result.standardError)
    }
}
