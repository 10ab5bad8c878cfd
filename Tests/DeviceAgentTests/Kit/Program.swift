import FoundationEssentials
import Subprocess
import SystemPackage
import Testing

/// The real programs, each run as a process of its own.
enum Program: String {
    case device = "birthmark-device"
    case `operator` = "birthmark"

    struct Ended: Sendable {
        var status: TerminationStatus
        var output: String
        var error: String

        /// The JSON object on standard output.
        var json: [String: String] {
            get throws {
                // Only the strings of the top level are looked at.
                let data = Data(output.utf8)
                return try JSONDecoder().decode([String: Loose].self, from: data).compactMapValues(\.text)
            }
        }

        struct Loose: Decodable {
            var text: String?
            init(from decoder: any Decoder) throws { text = try? decoder.singleValueContainer().decode(String.self) }
        }
    }

    /// It is built beside the test bundle that runs this.
    var path: String { (Bundle.directory ?? ".build/debug") + "/" + rawValue }

    private enum Bundle {
        static let directory: String? = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
            .map { String($0.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 }) }
    }

    func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> Ended {
        var changes: [Environment.Key: String?] = [:]
        for (name, value) in environment { changes[.init(stringLiteral: name)] = value }
        let result = try await Subprocess.run(
            .path(FilePath(path)),
            arguments: Arguments(arguments),
            environment: .inherit.updating(changes),
            output: .string(limit: 1 << 20),
            error: .string(limit: 1 << 20)
        )
        return Ended(
            status: result.terminationStatus,
            output: result.standardOutput,
            error: result.standardError
        )
    }
}

extension Bench {
    /// Runs a command of the real program on this bench's device.
    func program(
        _ verb: String,
        _ arguments: [String] = [],
        environment: [String: String] = [:]
    ) async throws -> Program.Ended {
        try await Program.device.run([verb] + deviceArguments + arguments, environment: environment)
    }

    var deviceArguments: [String] {
        [
            "--state", state, "--tcti", device.tcti, "--trust", device.directory + "/trust.json", "--event-log",
            device.log,
        ]
    }

    var updateArguments: [String] { arguments(installing: installing) }

    func arguments(installing command: String) -> [String] {
        ["--package", package, "--manifest", device.directory + "/system.dsse.json", "--install-command", command]
    }
}
