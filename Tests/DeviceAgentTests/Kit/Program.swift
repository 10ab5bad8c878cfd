import FoundationEssentials
import Programs
import Subprocess
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

    var path: String { BuiltProgram(rawValue).path }

    func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> Ended {
        let ended = try await BuiltProgram(rawValue).run(arguments, environment: environment)
        return Ended(status: ended.status, output: ended.output, error: ended.error)
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
