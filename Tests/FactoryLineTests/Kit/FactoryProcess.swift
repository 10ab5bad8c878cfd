import FactoryLine
import Foundation
import SoftwareDevice
import Subprocess
import SystemPackage
import Testing

/// The program itself, as a process of its own.
enum FactoryProcess {
    struct Ended: Sendable {
        var status: Int32
        var killed: Bool
        var output: String
        var errors: String

        func json() throws -> [String: Any] {
            try #require(JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
        }
    }

    /// It is built beside the test bundle that runs this.
    static var program: String {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ".build/debug/"
        return own.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
            + "/birthmark-factory"
    }

    /// Runs the program to its end, and blocks no thread meanwhile: a machine with two processors has two for all tests.
    /// - Parameters:
    ///   - watch: is given the process's id while it runs, and may end it.
    ///   - delay: kills it after a time if it is still there.
    static func run(
        _ arguments: [String],
        environment: [String: String] = [:],
        killAfter delay: Duration? = nil,
        watch: (pid_t) async throws -> Void = { _ in }
    ) async throws -> Ended {
        var changes: [Environment.Key: String?] = [:]
        for (name, value) in environment { changes[.init(stringLiteral: name)] = value }
        let result = try await Subprocess.run(
            .path(FilePath(program)),
            arguments: Arguments(arguments),
            environment: .inherit.updating(changes),
            input: .none,
            output: .string(limit: 4 << 20),
            error: .string(limit: 4 << 20)
        ) { execution in
            let id = execution.processIdentifier.value
            try await watch(id)
            if let delay {
                try await Task.sleep(for: delay)
                kill(id, SIGKILL)
            }
        }
        let ending: (status: Int32, killed: Bool) =
            switch result.terminationStatus {
            case .exited(let code): (code, false)
            case .signaled(let signal): (signal, true)
            @unknown default: (-1, false)
            }
        return Ended(
            status: ending.status,
            killed: ending.killed,
            output: result.standardOutput,
            errors: result.standardError
        )
    }

    /// Whether a process is there and has not ended; its arguments would not say, for a program that begins has none for a moment.
    static func isRunning(_ id: pid_t) -> Bool {
        guard let stat = try? Data(contentsOf: URL(filePath: "/proc/\(id)/stat")) else { return false }
        let state = String(decoding: stat, as: UTF8.self).split(separator: ")").last?.split(separator: " ").first
        return state != "Z" && state != "X"
    }

    /// The arguments that give birth to a device.
    static func provision(
        _ station: Station,
        _ device: SoftwareDevice,
        serial: String = "GW-0001",
        profile: String = "p256"
    ) -> [String] {
        provision(at: station.directory.path, device, serial: serial, profile: profile)
    }

    /// The same at a station that is only a directory here.
    static func provision(
        at station: String,
        _ device: SoftwareDevice,
        serial: String = "GW-0001",
        profile: String = "p256"
    ) -> [String] {
        ["provision", station, "--serial", serial, "--tcti", device.tcti] + shared(profile)
    }

    /// What all devices of these tests are, as options.
    static func shared(_ profile: String = "p256") -> [String] {
        [
            "--model", "gw-100", "--hardware-revision", "B", "--environment", "production", "--profile",
            profile.hasPrefix("/") ? profile : TestLine.profilePath(profile), "--package", "gateway-os",
            "--package-version", "2.4.0",
            "--security-version", "3", "--tier", "vtpm",
        ]
    }
}
