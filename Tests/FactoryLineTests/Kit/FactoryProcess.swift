import FactoryLine
import Foundation
import SoftwareDevice
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

    /// Runs the program; kills it after a time if it is still there.
    static func run(
        _ arguments: [String],
        environment: [String: String] = [:],
        killAfter delay: Duration? = nil
    ) async throws -> Ended {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        try process.run()
        if let delay {
            try await Task.sleep(for: delay)
            kill(process.processIdentifier, SIGKILL)
        }
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        let errorText = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return Ended(
            status: process.terminationStatus,
            killed: process.terminationReason == .uncaughtSignal,
            output: String(decoding: text, as: UTF8.self),
            errors: String(decoding: errorText, as: UTF8.self)
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
