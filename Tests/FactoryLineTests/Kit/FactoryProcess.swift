import FactoryLine
import Foundation
import Programs
import SoftwareDevice
import Subprocess
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

    private static let built = BuiltProgram("birthmark-factory")

    static var program: String { built.path }

    /// Runs the program to its end.
    /// - Parameters:
    ///   - watch: is given the process's id while it runs, and may end it.
    ///   - delay: kills it after a time if it is still there.
    static func run(
        _ arguments: [String],
        environment: [String: String] = [:],
        killAfter delay: Duration? = nil,
        watch: (pid_t) async throws -> Void = { _ in }
    ) async throws -> Ended {
        let ended = try await built.run(arguments, environment: environment) { id in
            try await watch(id)
            if let delay {
                try await Task.sleep(for: delay)
                kill(id, SIGKILL)
            }
        }
        let ending: (status: Int32, killed: Bool) =
            switch ended.status {
            case .exited(let code): (code, false)
            case .signaled(let signal): (signal, true)
            @unknown default: (-1, false)
            }
        return Ended(
            status: ending.status,
            killed: ending.killed,
            output: ended.output,
            errors: ended.error
        )
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
